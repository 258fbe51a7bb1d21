-- Which modalities have models that were compared with each other.
SELECT modality, max(models) AS models
FROM settings_within_modality
GROUP BY modality
ORDER BY modality <> 'vision', modality <> 'language', modality
