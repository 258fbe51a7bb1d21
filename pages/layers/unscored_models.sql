-- Models that the first model of a pair was not scored with, and some third model was with both.
WITH
-- include third_models.sql

SELECT DISTINCT t.model_c, c.label AS label_c
FROM triples AS t
JOIN models AS c ON c.model_id = t.model_c
ORDER BY label_c, t.model_c
