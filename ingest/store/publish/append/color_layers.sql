-- Curves made twice (two machines at once) are kept once.
INSERT INTO color_layers BY NAME
SELECT * FROM read_parquet($parts, union_by_name = true)
QUALIFY row_number() OVER (PARTITION BY unit_key, layer) = 1
ORDER BY unit_key, layer;
