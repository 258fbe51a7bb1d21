-- Scores, counted by feature set of either side.
INSERT INTO feature_set_scores BY NAME
SELECT unit_key, count(*) AS scores
FROM (
    SELECT features_x AS unit_key FROM scores
    UNION ALL
    SELECT features_y AS unit_key FROM scores WHERE features_y <> features_x
)
GROUP BY unit_key
ORDER BY unit_key;
