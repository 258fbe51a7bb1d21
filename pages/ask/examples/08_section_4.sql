-- Section 4: how near do learners of one simulated world come to its PMI kernel?
SELECT DISTINCT
    world, events, loss, lost, entropy, correlation_a, correlation_b, offset_a, expected_offset
FROM theory
ORDER BY world, loss, lost
