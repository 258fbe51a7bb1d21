-- Fig. 3: alignment with vision against how well a language model predicts text
SELECT
    a.dataset, a.language_label, a.vision_label, b.text, b.language_score, a.score, a.null_threshold
FROM language_vision_alignment AS a
JOIN bits_per_byte AS b ON b.model_id = a.language_model
WHERE a.metric = 'mutual_knn' AND a.k = 10 AND a.truncation = 'exact' AND a.vision_trained
ORDER BY a.dataset, a.vision_label, b.language_score
