-- A difference computed twice is kept once: the first.
INSERT INTO caption_differences BY NAME
SELECT * FROM read_parquet($parts, union_by_name = true)
QUALIFY row_number() OVER (
    PARTITION BY unit_key, vision_model ORDER BY finished_at, run_id
) = 1
ORDER BY unit_key, vision_model;
