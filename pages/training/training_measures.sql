-- What a training measured of itself at its steps, and how well checkpoints predict texts.
-- $training: one of them; null for all.
WITH
-- include curves.sql,

-- A training that was begun again from an earlier step: what came later the first time is left out.
sessions AS (
    SELECT training, run_id, min(step) AS first_step, min(finished_at) AS began
    FROM training_scores
    GROUP BY training, run_id
),

logged AS (
    SELECT m.training, m.measure, m.step, m."value"
    FROM training_measures AS m
    LEFT JOIN sessions AS own ON own.training = m.training AND own.run_id = m.run_id
    WHERE m.training IN (SELECT c.training FROM curves AS c)
        AND NOT EXISTS (
            SELECT 1 FROM sessions AS later
            WHERE later.training = m.training AND later.began > own.began AND later.first_step <= m.step
        )
),

predicted AS (
    SELECT DISTINCT c.training, 'bits per byte of ' || p.text AS measure, s.step, p.bits_per_byte AS "value"
    FROM checkpoints AS s
    JOIN predicted_texts AS p ON p.model_id = s.checkpoint
    JOIN curves AS c ON starts_with(c.training, s.training) AND c.checkpoints AND c.step = s.step
)

SELECT
    training,
    measure,
    step,
    "value"
FROM (FROM logged UNION ALL FROM predicted)
WHERE "value" IS NOT NULL AND ($training IS NULL OR training = $training)
ORDER BY
    count(DISTINCT training) OVER (PARTITION BY measure) DESC, measure NOT ILIKE '%bits%',
    measure NOT ILIKE 'eval%', measure, training, step
