-- How many of its $k nearest neighbors in one layer are among its $k nearest in another, by sample.
counted AS (
    SELECT
        a.position,
        len(list_filter(
            a.neighbors[:$k], lambda other: list_contains(b.neighbors[:$k], other)
        ))::INTEGER AS shared
    FROM sample_neighbors AS a
    JOIN sample_neighbors AS b ON b.unit_key = $layer_key_y AND b.position = a.position
    WHERE a.unit_key = $layer_key_x
)
