-- How many samples share how many of their $k neighbors in two layers.
WITH
-- include shared_by_sample.sql

SELECT c.shared, count(k.position) AS samples
FROM (SELECT unnest(range($k + 1))::INTEGER AS shared) AS c
LEFT JOIN counted AS k USING (shared)
WHERE EXISTS (FROM counted)
GROUP BY c.shared
ORDER BY c.shared
