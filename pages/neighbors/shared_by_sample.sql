-- How many of its $k nearest neighbors in one layer are among its $k nearest in another, by sample: as
-- stored under $agreement_key, or, of layers without one (an empty key), counted now.
counted AS (
    SELECT unnest(range(len(shared)))::INTEGER AS position, unnest(shared)::INTEGER AS shared
    FROM sample_agreement
    WHERE unit_key = $agreement_key
    UNION ALL
    SELECT
        a.position,
        len(list_filter(
            a.neighbors[:$k], lambda other: list_contains(b.neighbors[:$k], other)
        ))::INTEGER AS shared
    FROM sample_neighbors AS a
    JOIN sample_neighbors AS b ON b.unit_key = $layer_key_y AND b.position = a.position
    WHERE $agreement_key = '' AND a.unit_key = $layer_key_x
)
