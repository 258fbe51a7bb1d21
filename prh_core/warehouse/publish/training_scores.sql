-- A step probed twice (a training that was resumed before it) is kept once: the newest.
INSERT INTO training_scores BY NAME
SELECT * FROM incoming ANTI JOIN training_scores USING (unit_key)
QUALIFY row_number() OVER (PARTITION BY unit_key ORDER BY finished_at DESC, run_id) = 1
ORDER BY training, dataset_id, reference, metric, k, step, unit_key;
