-- A run leaves one part when it starts and one when it ends; without the second it was killed.
INSERT INTO runs BY NAME
SELECT
    run_id,
    any_value(COLUMNS('^(command|versions|device|accelerator)$')) AS '\0', -- the last is younger
    min(started_at) AS started_at, max(ended_at) AS ended_at,
    coalesce(max(outcome), 'unfinished') AS outcome, coalesce(max(message), '') AS message,
    max(done) AS done, max(skipped) AS skipped
FROM incoming ANTI JOIN runs USING (run_id)
GROUP BY run_id
ORDER BY started_at;
