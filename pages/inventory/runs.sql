-- The last commands that changed the results, newest first.
SELECT
    strftime(started_at AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M UTC') AS started,
    command,
    outcome,
    date_diff('millisecond', started_at, ended_at) / 1000 AS seconds,
    done,
    skipped,
    message,
    concat_ws(', ', device, accelerator) AS device,
    run_id
FROM runs
ORDER BY started_at DESC, run_id DESC
LIMIT $last
