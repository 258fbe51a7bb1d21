-- Every setting that language-vision scores exist under, the customary one first, as counted at
-- publishing. Scores are compared within a setting only, never across.
SELECT * EXCLUDE (place, trained_pairs)
FROM language_vision_settings
ORDER BY place
