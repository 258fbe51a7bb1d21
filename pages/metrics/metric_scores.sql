-- The metrics on one dataset side by side: calibrated scores of trained models, under the setting
-- of each metric that comes closest to the customary one.
SELECT
    metric_label || CASE WHEN k IS NULL THEN '' ELSE ' (k = ' || k || ')' END AS metric_label,
    avg(calibrated) AS calibrated,
    min(calibrated) AS calibrated_low,
    max(calibrated) AS calibrated_high,
    avg(score) AS alignment,
    count(*) AS pairs,
    count(*) FILTER (q_value <= 0.05) AS significant,
    k,
    sigma,
    truncation,
    normalized,
    pooling,
    prompt,
    precision,
    max(permutations) AS permutations,
    n,
    metric
FROM language_vision_alignment
WHERE dataset_id = $dataset_id
    AND row_order = $row_order
    AND language_trained
    AND vision_trained
    AND calibrated IS NOT NULL
GROUP BY metric, metric_label, k, sigma, truncation, normalized, pooling, prompt, precision, n
QUALIFY row_number() OVER (
    PARTITION BY metric
    ORDER BY
        n DESC,
        abs(coalesce(k, 10) - 10), k,
        sigma NULLS FIRST,
        truncation <> 'exact', truncation,
        NOT normalized,
        pooling <> 'mean', pooling,
        prompt <> 'none', prompt,
        count(*) DESC, precision IS DISTINCT FROM 'float32', precision
) = 1
ORDER BY avg(calibrated) DESC, metric
