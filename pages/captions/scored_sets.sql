-- Caption sets of a dataset, the scores of trained models under them, and how much they say.
WITH versions AS (
    SELECT * FROM caption_sets
    WHERE base_id = $base_id AND row_order = $row_order
    QUALIFY row_number() OVER (PARTITION BY dataset_id ORDER BY finished_at DESC, unit_key) = 1
),

valued AS (
    SELECT a.*, a.score AS value
    FROM alignment AS a
    JOIN versions AS v ON v.dataset_id = a.dataset_id AND v.n = a.n
    WHERE a.modality_x = 'language' AND a.modality_y = 'vision' AND a.row_order = $row_order
        AND a.metric = $metric
        AND a.k IS NOT DISTINCT FROM $k
        AND a.truncation = $truncation
        AND a.precision IS NOT DISTINCT FROM $precision
),

-- include ../ui/queries/controlled.sql,

scored AS (
    SELECT
        model_x AS language_model, label_x AS language_label, family_x AS language_family,
        model_y AS vision_model, label_y AS vision_label, family_y AS vision_family,
        * EXCLUDE (model_x, label_x, family_x, model_y, label_y, family_y)
    FROM controlled
    WHERE trained_x AND trained_y
),

-- The sets of captions that are shown.
variants AS (
    FROM versions SEMI JOIN scored USING (dataset_id)
    WHERE NOT pictures
),

-- In the precision of the scores, however features are stored; of one stretch the newer figure.
bits_per_byte AS (
    SELECT * FROM main.bits_per_byte
    WHERE text IN (SELECT bits_text FROM variants)
        AND precision IS NOT DISTINCT FROM split_part($precision, ' stored in ', 1)
    QUALIFY row_number() OVER (
        PARTITION BY model_id, text, documents ORDER BY finished_at DESC, unit_key
    ) = 1
),

-- Bits a caption by model and set: of several stretches of a text the longest.
predicted AS (
    SELECT
        v.dataset_id, b.model_id, b.bits_per_byte * b.bytes / b.documents AS bits,
        b.tokens / b.documents AS tokens
    FROM variants AS v
    JOIN bits_per_byte AS b ON b.text = v.bits_text
    WHERE b.documents > 0 AND b.bytes > 0
    QUALIFY row_number() OVER (
        PARTITION BY v.dataset_id, b.model_id ORDER BY b.documents DESC, b.bytes DESC
    ) = 1
),

-- Their mean over the models that were measured on every set: the same models for all.
informed AS (
    SELECT dataset_id, avg(bits) AS bits, avg(tokens) AS tokens
    FROM predicted
    WHERE model_id IN (
        SELECT model_id FROM predicted
        GROUP BY model_id
        HAVING count(*) = (SELECT count(*) FROM variants)
    )
    GROUP BY dataset_id
)
