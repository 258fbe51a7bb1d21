-- Where samples lie on the maps of two layers: $most of them, the same whenever asked, and always
-- the one at $position with its $k neighbors on either side.
WITH
-- include shared_by_sample.sql
,

chosen AS (
    SELECT unit_key, neighbors[:$k] AS near FROM sample_neighbors
    WHERE unit_key IN ($layer_key_x, $layer_key_y) AND position = $position
),

placed AS (
    SELECT
        c.position, c.shared, a.x AS x_first, a.y AS y_first, b.x AS x_second, b.y AS y_second,
        list_contains((SELECT near FROM chosen WHERE unit_key = $layer_key_x), c.position) AS in_first,
        list_contains((SELECT near FROM chosen WHERE unit_key = $layer_key_y), c.position) AS in_second,
        row_number() OVER (ORDER BY hash(c.position), c.position) AS turn
    FROM counted AS c
    JOIN sample_neighbors AS a ON a.unit_key = $layer_key_x AND a.position = c.position
    JOIN sample_neighbors AS b ON b.unit_key = $layer_key_y AND b.position = c.position
)

SELECT
    p.position,
    s.sample_id,
    left(s.caption, 160) AS caption,
    p.shared,
    p.shared / $k AS agreement,
    CASE
        WHEN p.position = $position THEN 'sample'
        WHEN p.in_first AND p.in_second THEN 'both'
        WHEN p.in_first THEN 'first'
        WHEN p.in_second THEN 'second'
        ELSE 'other'
    END AS near,
    p.x_first,
    p.y_first,
    p.x_second,
    p.y_second
FROM placed AS p
LEFT JOIN samples AS s
    ON s.position = p.position AND s.dataset_id = $dataset_id AND s.row_order = $row_order
WHERE p.turn <= $most OR p.in_first OR p.in_second OR p.position = $position
ORDER BY p.position
