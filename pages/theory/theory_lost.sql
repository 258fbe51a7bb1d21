-- What it costs that the second observer sees less of the same world: agreement at the end.
SELECT
    loss,
    observer,
    lost,
    share,
    score,
    correlation_b,
    own_correlation_b,
    symbols,
    chance,
    metric_label,
    higher_is_closer,
    unit_key AS simulation
FROM theory
WHERE world = $world
    AND events = $events
    AND "window" = $within_steps
    AND smoothness = $smoothness
    AND coalesce(temperature, $temperature, 1) = coalesce($temperature, 1)
    AND metric = $metric
ORDER BY loss, observer = 'noisy', lost, share
