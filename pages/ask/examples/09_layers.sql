-- Which layers win? The best pair of layers of every pair of trained models
SELECT
    dataset, language_label, vision_label, single_language_layer, single_vision_layer,
    single_layer_score, score AS with_concatenated_layers
FROM language_vision_alignment
WHERE metric = 'mutual_knn' AND k = 10 AND truncation = 'exact'
    AND language_trained AND vision_trained
ORDER BY dataset, single_layer_score DESC
