-- A step measured twice (a training that was resumed before it) is kept once: the newest.
INSERT INTO training_measures BY NAME
SELECT * FROM incoming ANTI JOIN training_measures USING (training, step, measure)
QUALIFY row_number() OVER (
    PARTITION BY training, step, measure ORDER BY finished_at DESC, run_id
) = 1
ORDER BY training, measure, step;
