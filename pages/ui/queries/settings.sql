-- Every setting that models of $modality_x and $modality_y were compared under, the customary one
-- first, as counted at publishing. Scores are compared within a setting only, never across.
SELECT * EXCLUDE (place, trained_pairs)
FROM alignment_settings
WHERE modality_x = $modality_x AND modality_y = $modality_y
ORDER BY place
