-- Every pair of trained models of one setting against every null that was drawn, the closest pair
-- first.
SELECT
    a.null_label,
    a.label_x,
    a.label_y,
    a.score,
    a.calibrated,
    a.p_value,
    a.null_best_mean,
    a.null_threshold,
    list_aggregate(a.draws, 'stddev_samp') AS null_deviation,
    a.interval_low,
    a.interval_high,
    a.selection_free,
    a.drawn,
    a.drawn_from,
    a.movable,
    a.holds,
    a.higher_is_closer,
    CASE WHEN m.higher_is_closer THEN m.highest ELSE m.lowest END AS best,
    list_position(
        ['relabeled', 'within-class', 'within-cluster', 'spectrum', 'untrained'], a.null_kind
    ) AS place,
    a.null_kind,
    a.model_x,
    a.model_y,
    a.unit_key,
    a.draws
FROM null_tests AS a
LEFT JOIN metrics AS m ON m.name = a.metric
WHERE
    a.modality_x = $modality_x
    AND a.modality_y = $modality_y
    AND a.trained_x
    AND a.trained_y
    AND
    -- include ../ui/queries/in_setting.sql
ORDER BY
    place,
    CASE WHEN a.higher_is_closer THEN -a.score ELSE a.score END, a.label_x, a.label_y
