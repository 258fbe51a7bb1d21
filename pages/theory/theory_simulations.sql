-- Which simulated worlds there are: the newest simulation of each, and of each second observer.
SELECT DISTINCT
    world,
    events,
    "window",
    smoothness,
    loss,
    temperature,
    observer,
    share,
    lost,
    unit_key AS simulation
FROM theory
ORDER BY
    world <> 'ring', world, events, "window", smoothness, loss <> 'nce', temperature,
    CASE observer WHEN 'bijective' THEN 0 WHEN 'lossy' THEN 1 ELSE 2 END, share
