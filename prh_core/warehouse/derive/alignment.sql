-- The newest scores of two models, named, sides in order; rows of one setting lie together.
INSERT INTO alignment BY NAME
WITH placed AS (
    SELECT
        *,
        CASE modality WHEN 'language' THEN 0 WHEN 'vision' THEN 2 ELSE 1 END AS place
    FROM models
),

-- Two models of one modality stand in either order; else a score that may be turned has language
-- first and vision last.
sided AS (
    SELECT
        s.*, turned.swapped, x.modality AS modality_of_x, y.modality AS modality_of_y,
        coalesce(m.label, s.metric) AS metric_label,
        coalesce(m.higher_is_closer, true) AS higher_is_closer
    FROM current_scores AS s
    JOIN placed AS x ON x.model_id = s.model_x
    JOIN placed AS y ON y.model_id = s.model_y
    LEFT JOIN metrics AS m ON m.name = s.metric
    CROSS JOIN (VALUES (false), (true)) AS turned (swapped)
    WHERE s.model_x <> s.model_y
        AND CASE
            WHEN NOT coalesce(m.is_symmetric, false) THEN NOT turned.swapped
            WHEN x.modality = y.modality THEN true
            ELSE turned.swapped = ((x.place, x.modality) > (y.place, y.modality))
        END
        -- A caption's pooling is chosen for both models alike.
        AND (
            x.modality <> 'language' OR y.modality <> 'language'
            OR (s.pooling_x = s.pooling_y AND s.prompt_x = s.prompt_y)
        )
),

ordered AS (
    SELECT
        * REPLACE (
            CASE WHEN swapped THEN model_y ELSE model_x END AS model_x,
            CASE WHEN swapped THEN model_x ELSE model_y END AS model_y,
            CASE WHEN swapped THEN pooling_y ELSE pooling_x END AS pooling_x,
            CASE WHEN swapped THEN pooling_x ELSE pooling_y END AS pooling_y,
            CASE WHEN swapped THEN tied_y ELSE tied_x END AS tied_x,
            CASE WHEN swapped THEN tied_x ELSE tied_y END AS tied_y,
            CASE WHEN swapped THEN layer_y ELSE layer_x END AS layer_x,
            CASE WHEN swapped THEN layer_x ELSE layer_y END AS layer_y,
            CASE WHEN swapped THEN single_layer_y ELSE single_layer_x END AS single_layer_x,
            CASE WHEN swapped THEN single_layer_x ELSE single_layer_y END AS single_layer_y,
            CASE WHEN swapped THEN layer_names_y ELSE layer_names_x END AS layer_names_x,
            CASE WHEN swapped THEN layer_names_x ELSE layer_names_y END AS layer_names_y
        ),
        -- That of the model that reads captions.
        CASE
            WHEN modality_of_x = 'language' THEN pooling_x
            WHEN modality_of_y = 'language' THEN pooling_y
            ELSE 'own'
        END AS pooling,
        CASE
            WHEN modality_of_x = 'language' THEN prompt_x
            WHEN modality_of_y = 'language' THEN prompt_y
            ELSE 'none'
        END AS prompt
    FROM sided
),

named AS (
    SELECT
        x.modality AS modality_x, y.modality AS modality_y,
        s.score, s.null_mean AS chance, s.calibrated, s.p_value, s.null_threshold,
        s.null_best_mean, s.interval_low, s.interval_high, s.interval_level, s.interval_method,
        s.selection_free, s.tied_x, s.tied_y, s.permutations, s.seed,
        s.metric, s.metric_label, s.higher_is_closer,
        s.k, s.sigma, s.n, s.truncation, s.normalized, s.precision, s.pooling, s.prompt,
        s.pooling_x, s.pooling_y,
        s.model_x, x.label AS label_x, x.family AS family_x, x.parameters AS parameters_x,
        x.trained AS trained_x,
        s.model_y, y.label AS label_y, y.family AS family_y, y.parameters AS parameters_y,
        y.trained AS trained_y,
        s.layer_names_x[s.layer_x + 1] AS layer_x, s.layer_names_y[s.layer_y + 1] AS layer_y,
        s.layer_x AS layer_index_x, s.layer_y AS layer_index_y,
        s.single_layer_score,
        s.layer_names_x[s.single_layer_x + 1] AS single_layer_x,
        s.layer_names_y[s.single_layer_y + 1] AS single_layer_y,
        coalesce(len(s.layer_names_x) > 0 AND len(s.layer_names_y) > 0, false) AS layered,
        s.swapped,
        d.dataset_id, d.title AS dataset, d.row_order, s.run_id, s.unit_key, s.finished_at
    FROM ordered AS s
    JOIN models AS x ON x.model_id = s.model_x
    JOIN models AS y ON y.model_id = s.model_y
    JOIN datasets AS d ON d.dataset_id = s.dataset_id AND d.row_order = s.row_order
),

ranked AS (
    SELECT
        *,
        count(p_value) OVER same AS tested,
        row_number() OVER (same ORDER BY p_value NULLS LAST) AS place
    FROM named
    WINDOW same AS (
        PARTITION BY modality_x, modality_y, dataset_id, row_order, metric, k, n, truncation,
                     normalized, sigma, precision, pooling, prompt
    )
)

-- Benjamini and Hochberg: the smallest p * tested / place among this p-value and larger ones. Rows
-- that stand in both orders leave it as it is: each p-value is then there twice.
SELECT
    * EXCLUDE (tested, place),
    CASE WHEN p_value IS NOT NULL THEN least(1, min(p_value * tested / place) OVER (
        PARTITION BY modality_x, modality_y, dataset_id, row_order, metric, k, n, truncation,
                     normalized, sigma, precision, pooling, prompt
        ORDER BY p_value DESC NULLS LAST RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )) END AS q_value
FROM ranked
ORDER BY
    modality_x, modality_y, dataset_id, row_order, metric, k, n, truncation, normalized, sigma,
    precision, pooling, prompt, model_x, model_y, pooling_x, pooling_y;
