-- Alignment by step, single layers: watched trainings, and checkpoints whose revisions name their steps.
steps AS (
    SELECT
        model_id AS checkpoint,
        source AS repository,
        regexp_extract(source, '[^/]+$') || ', checkpoints' AS training,
        CAST(nullif(
            regexp_extract(lower(revision), '(?:^|[^a-z])step[-_]?([0-9]{1,15})', 1), ''
        ) AS BIGINT) AS step
    FROM models
    WHERE trained
),

checkpoints AS (
    SELECT *
    FROM steps
    WHERE step IS NOT NULL
    QUALIFY count(DISTINCT step) OVER (PARTITION BY repository) > 1
),

-- Either model of a pair may be the checkpoint: its layers are the rows of the table, or the columns.
paired AS (
    SELECT
        c.*, a.*, NOT a.swapped AS in_rows,
        a.single_layer_x AS layer, a.single_layer_y AS reference_layer,
        a.model_y AS reference, a.label_y AS label, a.modality_y AS reference_modality
    FROM alignment AS a
    JOIN checkpoints AS c ON c.checkpoint = a.model_x
    WHERE a.trained_y
    UNION ALL BY NAME
    SELECT
        c.*, a.*, a.swapped AS in_rows,
        a.single_layer_y AS layer, a.single_layer_x AS reference_layer,
        a.model_x AS reference, a.label_x AS label, a.modality_x AS reference_modality
    FROM alignment AS a
    JOIN checkpoints AS c ON c.checkpoint = a.model_y
    WHERE a.trained_x AND a.modality_x <> a.modality_y
),

-- Without the last row and column, the concatenated layers; the checkpoint's last layer is then the last.
singles AS (
    SELECT
        unit_key,
        list_transform(layer_table[:-2], lambda cells: cells[len(layer_names_y) - 1]) AS last_column,
        layer_table[len(layer_names_x) - 1][:-2] AS last_row
    FROM current_scores
    WHERE unit_key IN (SELECT p.unit_key FROM paired AS p)
        AND len(layer_names_x) > 1 AND len(layer_names_y) > 1
),

scored AS (
    SELECT
        p.training || CASE
            WHEN count(DISTINCT (p.pooling, p.prompt, p.precision)) OVER (PARTITION BY p.training) > 1
                THEN ', ' || concat_ws(', ', p.pooling, p.prompt, p.precision)
            ELSE ''
        END AS training,
        p.step, p.reference, p.label, p.reference_modality, p.dataset_id, p.dataset, p.row_order, p.n,
        p.metric, p.metric_label, p.higher_is_closer, p.k, p.truncation,
        p.single_layer_score AS score, p.layer, p.reference_layer,
        CASE
            WHEN p.higher_is_closer THEN list_max(CASE WHEN p.in_rows THEN s.last_row ELSE s.last_column END)
            ELSE list_min(CASE WHEN p.in_rows THEN s.last_row ELSE s.last_column END)
        END AS last_layer_score,
        p.chance, 0 AS permutations, p.pooling, p.prompt, p.precision, true AS checkpoints,
        p.run_id, p.finished_at
    FROM paired AS p
    LEFT JOIN singles AS s ON s.unit_key = p.unit_key
    WHERE p.normalized AND p.sigma IS NULL
        AND p.reference NOT IN (
            SELECT c.checkpoint FROM checkpoints AS c WHERE c.repository = p.repository
        )
),

named AS (
    SELECT
        t.training, t.model_label, t.step, t.reference, t.reference_label AS label, t.reference_modality,
        t.dataset_id, t.dataset, t.row_order, t.n, t.metric, t.metric_label, t.higher_is_closer, t.k,
        t.truncation, t.score, t.layer, t.reference_layer, t.last_layer_score, t.p_value, t.null_threshold,
        t.chance, t.permutations, t.pooling, t.prompt, t.precision, false AS checkpoints, t.run_id,
        t.finished_at
    FROM training_curves AS t
    UNION ALL BY NAME
    SELECT s.*, NULL AS model_label, NULL::DOUBLE AS p_value, NULL::DOUBLE AS null_threshold
    FROM scored AS s
),

-- Two references under one label stay apart; of two features of one, the newer ones count.
curves AS (
    SELECT
        * EXCLUDE (label),
        label || CASE
            WHEN count(DISTINCT reference) OVER (PARTITION BY label) > 1 THEN ' [' || reference || ']'
            ELSE ''
        END AS reference_label
    FROM named
    QUALIFY row_number() OVER (
        PARTITION BY training, step, reference, dataset_id, row_order, n, metric, k, truncation
        ORDER BY finished_at DESC, run_id
    ) = 1
)
