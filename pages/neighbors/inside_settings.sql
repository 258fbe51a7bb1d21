-- Every setting of mutual k-NN whose scores can be looked into, the customary one first.
SELECT s.* EXCLUDE (place, trained_pairs)
FROM alignment_settings AS s
SEMI JOIN sample_agreement AS g
    ON g.dataset_id = s.dataset_id AND g.row_order = s.row_order AND g.n = s.n AND g.k = s.k
    AND g.truncation = s.truncation
WHERE s.metric = 'mutual_knn' AND s.normalized
ORDER BY
    NOT (s.modality_x = 'language' AND s.modality_y = 'vision'), s.modality_x = s.modality_y,
    s.modality_x, s.modality_y, s.place
