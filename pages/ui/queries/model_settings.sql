-- Every setting that models of $modality were compared with each other under, the customary one
-- first, as counted at publishing. Scores are compared within a setting only, never across.
SELECT * EXCLUDE (place, modality)
FROM settings_within_modality
WHERE modality = $modality
ORDER BY place
