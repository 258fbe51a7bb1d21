-- What is left of alignment when the language score is accounted for, by language family?
WITH pairs AS (
    SELECT
        a.dataset, a.language_family, a.language_label, a.vision_label, a.score, b.language_score,
        regr_slope(a.score, b.language_score) OVER same AS slope,
        regr_intercept(a.score, b.language_score) OVER same AS intercept,
        count(*) OVER same AS models
    FROM language_vision_alignment AS a
    JOIN bits_per_byte AS b ON b.model_id = a.language_model
    WHERE a.metric = 'mutual_knn' AND coalesce(a.k, 10) = 10 AND a.vision_trained
    WINDOW same AS (PARTITION BY a.dataset, a.truncation, a.vision_label, b.text)
)

SELECT
    dataset, language_family, avg(score - intercept - slope * language_score) AS mean_residual,
    count(*) AS pairs
FROM pairs
WHERE models >= 3
GROUP BY ALL
ORDER BY dataset, mean_residual DESC
