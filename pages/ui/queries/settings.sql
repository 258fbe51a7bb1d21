-- Every setting that language-vision scores exist under: the dataset with most pairs of models
-- first, and in it the customary setting first.
-- Variants of a dataset come after all datasets, published sets last. Scores are compared within a setting only, never across.
SELECT
    a.dataset_id,
    a.row_order,
    a.dataset || CASE
        WHEN count(DISTINCT a.row_order) OVER (PARTITION BY a.dataset) > 1
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
    count(DISTINCT a.k) OVER (
        PARTITION BY
            a.dataset_id, a.row_order, a.n, a.metric, a.sigma, a.truncation, a.normalized,
            a.pooling, a.prompt, a.precision
    ) AS ks,
    count(DISTINCT a.language_model) FILTER (
        a.language_model IN (SELECT model_id FROM skills)
    ) AS skilled,
    count(DISTINCT a.language_model) FILTER (
        a.language_model IN (SELECT model_id FROM skills WHERE predicts_text)
    ) AS predicting,
    a.row_order = 'unknown' AS published
FROM language_vision_alignment AS a
GROUP BY
    a.dataset_id, a.dataset, a.row_order, a.n, a.metric, a.metric_label, a.k, a.sigma,
    a.truncation, a.normalized, a.pooling, a.prompt, a.precision
ORDER BY
    published,
    a.dataset_id IN (SELECT v.dataset_id FROM caption_sets AS v WHERE v.dataset_id <> v.base_id),
    max(count(*)) OVER (PARTITION BY a.dataset_id, a.row_order) DESC,
    max(max(a.finished_at)) OVER (PARTITION BY a.dataset_id, a.row_order) DESC,
    a.n DESC,
    a.metric <> 'mutual_knn', a.metric,
    abs(coalesce(a.k, 10) - 10), a.k,
    a.sigma NULLS FIRST,
    a.truncation <> 'exact', a.truncation,
    NOT a.normalized,
    a.pooling <> 'mean', a.pooling,
    a.prompt <> 'none', a.prompt,
    count(*) DESC, a.precision IS DISTINCT FROM 'float32', a.precision
