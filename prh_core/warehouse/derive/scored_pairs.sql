-- Newest scores, counted by pair of models, metric and k; published ones have no features.
INSERT INTO scored_pairs BY NAME
SELECT model_x, model_y, metric, k, features_x IS NULL AS published, count(*) AS scores
FROM current_scores
GROUP BY ALL
ORDER BY ALL;
