-- Which modalities were compared with which, language with vision first, then those of most pairs.
SELECT modality_x, modality_y, max(pairs) AS pairs
FROM alignment_settings
GROUP BY modality_x, modality_y
ORDER BY NOT (modality_x = 'language' AND modality_y = 'vision'), modality_x = modality_y, pairs DESC, modality_x, modality_y
