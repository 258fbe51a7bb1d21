-- Newest scores, counted by dataset and model of either side.
INSERT INTO scored_models BY NAME
WITH paired AS (
    SELECT dataset_id, row_order, model_x, model_y, count(*) AS scores
    FROM current_scores
    GROUP BY ALL
)

SELECT dataset_id, row_order, model_id, sum(scores)::BIGINT AS scores
FROM (
    SELECT dataset_id, row_order, model_x AS model_id, scores FROM paired
    UNION ALL
    SELECT dataset_id, row_order, model_y AS model_id, scores FROM paired WHERE model_y <> model_x
)
GROUP BY ALL
ORDER BY dataset_id, row_order, model_id;
