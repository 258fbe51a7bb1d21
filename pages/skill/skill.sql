-- Alignment of every language model with one vision model against one skill (paper, Fig. 4).
-- $skill: which skill; models without it are left out.
-- $families: of language models to keep, parted by '|'; empty keeps all.
-- $text: whose bits per byte rank the models; null leaves the rank out.
-- $minus_control: show scores less those of the untrained control; pairs without one are left out.
WITH valued AS (
    SELECT
        a.*,
        CASE WHEN $concatenated THEN a.score ELSE a.single_layer_score END AS value
    FROM alignment AS a
    WHERE
        a.modality_x = 'language' AND a.modality_y = 'vision' AND
        -- include ../ui/queries/in_setting.sql
),

-- include ../ui/queries/controlled.sql,

named AS (
    SELECT
        a.model_x AS language_model,
        a.label_x || CASE
            WHEN count(DISTINCT a.model_x) OVER (PARTITION BY a.label_x) > 1
                THEN ' [' || a.model_x || ']'
            ELSE ''
        END AS language_label,
        a.family_x AS language_family,
        a.parameters_x AS language_parameters,
        CASE WHEN $minus_control THEN a.minus_control ELSE a.value END AS alignment,
        CASE WHEN NOT $minus_control THEN a.chance END AS chance,
        CASE WHEN $concatenated AND NOT $minus_control THEN a.null_best_mean END AS null_best_mean,
        a.unit_key
    FROM controlled AS a
    WHERE
        a.model_y = $vision_model
        AND (NOT $minus_control OR a.control_value IS NOT NULL)
        AND a.trained_x
        AND ($families = '' OR a.family_x IN (SELECT unnest(string_split($families, '|'))))
)

SELECT
    n.language_label,
    n.language_family,
    n.alignment,
    s.score,
    s.stderr,
    n.language_parameters,
    t.score AS language_score,
    CASE WHEN t.score IS NOT NULL THEN rank() OVER (ORDER BY t.score DESC NULLS LAST) END AS language_rank,
    n.chance,
    n.null_best_mean,
    n.language_model,
    n.unit_key
FROM named AS n
JOIN skills AS s ON s.model_id = n.language_model AND s.skill = $skill
LEFT JOIN skills AS t ON t.model_id = n.language_model AND t.skill = $text
ORDER BY n.alignment DESC, n.language_label
