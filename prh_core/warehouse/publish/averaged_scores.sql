-- A score computed twice is kept once: the first.
INSERT INTO averaged_scores BY NAME
SELECT * FROM incoming ANTI JOIN averaged_scores USING (unit_key)
QUALIFY row_number() OVER (PARTITION BY unit_key ORDER BY finished_at, run_id) = 1
ORDER BY base_id, metric, k, model_x, model_y, samples_x, samples_y, unit_key;
