-- Every model against every dataset: how many layers have features, and how many scores use them.
-- Models without features stand here, too, so that a gap is seen.
WITH there AS (
    SELECT
        model_id,
        dataset_id,
        row_order,
        count(*) AS feature_sets,
        max(layers) AS layers,
        string_agg(DISTINCT precision, ', ' ORDER BY precision) AS precision,
        sum(scores)::BIGINT AS scores
    FROM coverage
    GROUP BY ALL
)

SELECT
    m.label || CASE
        WHEN count(DISTINCT m.model_id) OVER (PARTITION BY m.label) > 1 THEN ' [' || m.model_id || ']'
        ELSE ''
    END AS model,
    m.modality,
    CASE WHEN m.trained THEN m.family ELSE 'untrained' END AS family,
    CASE WHEN m.trained THEN m.modality ELSE 'untrained' END AS kind,
    d.title || CASE
        WHEN count(DISTINCT d.row_order) OVER (PARTITION BY d.title) > 1
            THEN ' (order ' || left(d.row_order, 6) || ')'
        ELSE ''
    END AS dataset,
    d.n,
    t.layers,
    t.precision,
    coalesce(t.feature_sets, 0) AS feature_sets,
    coalesce(t.scores, 0) AS scores
FROM models AS m
CROSS JOIN datasets AS d
LEFT JOIN there AS t
    ON t.model_id = m.model_id AND t.dataset_id = d.dataset_id AND t.row_order = d.row_order
ORDER BY
    m.modality, max(t.layers) OVER (PARTITION BY m.model_id) IS NULL, NOT m.trained, m.family, m.parameters, model, dataset
