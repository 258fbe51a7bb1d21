-- Settings of alignment, in the order of a list for every two sides.
INSERT INTO alignment_settings BY NAME
WITH listed AS (
    SELECT
        a.modality_x,
        a.modality_y,
        a.dataset_id,
        a.row_order,
        a.dataset || CASE
            WHEN count(DISTINCT a.row_order) OVER (
                PARTITION BY a.modality_x, a.modality_y, a.dataset
            ) > 1
                THEN ' (order ' || left(a.row_order, 6) || ')'
            ELSE ''
        END AS dataset,
        a.n,
        a.metric,
        a.metric_label,
        a.k,
        a.sigma,
        a.truncation,
        a.normalized,
        a.pooling,
        a.prompt,
        a.precision,
        count(*) AS pairs,
        count(*) FILTER (a.trained_x AND a.trained_y) AS trained_pairs,
        count(DISTINCT a.k) OVER (
            PARTITION BY
                a.modality_x, a.modality_y, a.dataset_id, a.row_order, a.n, a.metric, a.sigma, a.truncation, a.normalized,
                a.pooling, a.prompt, a.precision
        ) AS ks,
        count(DISTINCT a.model_x) FILTER (
            a.model_x IN (SELECT model_id FROM skills)
        ) AS skilled,
        count(DISTINCT a.model_x) FILTER (
            a.model_x IN (SELECT model_id FROM skills WHERE predicts_text)
        ) AS predicting,
        a.row_order = 'unknown' AS published,
        max(a.finished_at) AS finished_at
    FROM alignment AS a
    GROUP BY
        a.modality_x, a.modality_y, a.dataset_id, a.dataset, a.row_order, a.n, a.metric, a.metric_label, a.k, a.sigma,
        a.truncation, a.normalized, a.pooling, a.prompt, a.precision
),

ordered AS (
    SELECT
        *,
        dataset_id IN (SELECT v.dataset_id FROM caption_sets AS v WHERE v.dataset_id <> v.base_id)
            AS is_variant,
        max(pairs) OVER same AS most_pairs,
        max(finished_at) OVER same AS last_finished
    FROM listed
    WINDOW same AS (PARTITION BY modality_x, modality_y, dataset_id, row_order)
)

SELECT
    row_number() OVER (
        PARTITION BY modality_x, modality_y
        ORDER BY
            published,
            is_variant,
            most_pairs DESC,
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
    * EXCLUDE (is_variant, most_pairs, last_finished, finished_at)
FROM ordered
ORDER BY modality_x, modality_y, place;
