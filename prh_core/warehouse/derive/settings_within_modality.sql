-- Settings of alignment_within_modality, in the order of a list.
INSERT INTO settings_within_modality BY NAME
WITH sided AS (
    SELECT *, unnest([model_a, model_b]) AS model FROM alignment_within_modality
),

listed AS (
    SELECT
        modality,
        dataset_id,
        row_order,
        dataset || CASE
            WHEN count(DISTINCT row_order) OVER (PARTITION BY modality, dataset) > 1
                THEN ' (order ' || left(row_order, 6) || ')'
            ELSE ''
        END AS dataset,
        n,
        metric,
        metric_label,
        k,
        sigma,
        truncation,
        normalized,
        pooling,
        prompt,
        precision,
        count(DISTINCT model) AS models,
        count(*) // 2 AS pairs,
        any_value(higher_is_closer) AS higher_is_closer,
        max(finished_at) AS finished_at
    FROM sided
    GROUP BY
        modality, dataset_id, row_order, dataset, n, metric, metric_label, k, sigma, truncation,
        normalized, pooling, prompt, precision
),

ordered AS (
    SELECT *, max(models) OVER same AS most_models, max(finished_at) OVER same AS last_finished
    FROM listed
    WINDOW same AS (PARTITION BY modality, dataset_id, row_order)
)

SELECT
    row_number() OVER (
        PARTITION BY modality
        ORDER BY
            most_models DESC,
            last_finished DESC,
            dataset_id, row_order,
            n DESC,
            metric <> 'mutual_knn', metric,
            abs(coalesce(k, 10) - 10), k,
            sigma NULLS FIRST,
            truncation <> 'exact', truncation,
            NOT normalized,
            pooling <> 'mean', pooling,
            prompt <> 'none', prompt,
            pairs DESC, precision IS DISTINCT FROM 'float32', precision
    ) AS place,
    * EXCLUDE (most_models, last_finished, finished_at)
FROM ordered
ORDER BY modality, place;
