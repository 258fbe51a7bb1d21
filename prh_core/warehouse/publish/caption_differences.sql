-- A difference computed twice is kept once: the first.
INSERT INTO caption_differences BY NAME
SELECT * FROM incoming ANTI JOIN caption_differences USING (unit_key)
QUALIFY row_number() OVER (
    PARTITION BY unit_key, vision_model ORDER BY finished_at, run_id
) = 1
ORDER BY unit_key, vision_model;
