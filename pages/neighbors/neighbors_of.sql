-- The $k nearest neighbors of one sample in two layers, nearest first, with their places in the
-- other layer's list, as far as that is stored.
WITH sides AS (
    SELECT
        (unit_key <> $layer_key_x)::INTEGER AS place,
        neighbors,
        similarities
    FROM sample_neighbors
    WHERE unit_key IN ($layer_key_x, $layer_key_y) AND position = $position
),

listed AS (
    SELECT
        place,
        unnest(neighbors[:$k]) AS neighbor,
        unnest(similarities[:$k]) AS similarity,
        generate_subscripts(neighbors[:$k], 1) AS rank
    FROM sides
)

SELECT
    l.place,
    l.rank,
    l.neighbor,
    s.sample_id,
    s.caption,
    s.image,
    l.similarity,
    list_position(other.neighbors, l.neighbor) AS rank_there,
    coalesce(list_position(other.neighbors, l.neighbor) <= $k, false) AS both,
    t.webp
FROM listed AS l
JOIN sides AS other ON other.place = 1 - l.place
LEFT JOIN samples AS s
    ON s.position = l.neighbor AND s.dataset_id = $dataset_id AND s.row_order = $row_order
LEFT JOIN sample_thumbnails AS p
    ON p.position = l.neighbor AND p.dataset_id = $dataset_id AND p.row_order = $row_order
LEFT JOIN thumbnails AS t USING (content_hash)
ORDER BY l.place, l.rank
