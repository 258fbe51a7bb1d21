-- A law fitted twice is kept once: the first.
INSERT INTO saturation_laws BY NAME
SELECT * FROM incoming ANTI JOIN saturation_laws USING (unit_key)
QUALIFY row_number() OVER (
    PARTITION BY unit_key, model_x, model_y, along, held ORDER BY finished_at, run_id
) = 1
ORDER BY base_id, metric, k, model_x NULLS FIRST, model_y, along, held, unit_key;
