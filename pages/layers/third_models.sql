-- Every third model between the first model of a pair and one it was not scored with. Mutual k-NN alone,
-- of equal samples, k and preparation; the third one's features are the very same in both tables.
chosen AS (
    SELECT
        CASE WHEN $swapped THEN s.features_y ELSE s.features_x END AS features_a,
        CASE WHEN $swapped THEN s.model_y ELSE s.model_x END AS model_a
    FROM scores AS s
    WHERE s.unit_key = $unit_key
),

stored AS (
    SELECT a.*
    FROM current_scores AS a
    WHERE a.dataset_id = $dataset_id
        AND a.row_order = $row_order
        AND a.n = $n
        AND a.metric = $metric
        AND a.metric = 'mutual_knn'
        AND a.k = $k
        AND a.truncation = $truncation
        AND a.normalized = $normalized
),

both_ways AS (
    SELECT
        model_x AS model_one, model_y AS model_two, features_x AS features_one,
        features_y AS features_two, pooling_y AS pooling_two, prompt_y AS prompt_two,
        layer_names_y AS layers_two, layer_table, false AS turned
    FROM stored
    UNION ALL
    SELECT
        model_y, model_x, features_y, features_x, pooling_x, prompt_x, layer_names_x, layer_table,
        true
    FROM stored
),

triples AS (
    SELECT
        ab.model_two AS model_b,
        bc.model_two AS model_c,
        bc.features_two AS features_c,
        ab.layers_two AS layers_b,
        ab.layer_table AS table_ab,
        ab.turned AS turned_ab,
        bc.layer_table AS table_bc,
        bc.turned AS turned_bc
    FROM chosen AS a
    JOIN both_ways AS ab ON ab.features_one = a.features_a
    JOIN both_ways AS bc ON bc.features_one = ab.features_two
    JOIN models AS c ON c.model_id = bc.model_two
    WHERE ab.layer_table IS NOT NULL
        AND bc.layer_table IS NOT NULL
        AND ab.model_two <> a.model_a
        AND bc.model_two NOT IN (a.model_a, ab.model_two)
        -- Of models that read captions, what the setting asks for.
        AND (
            c.modality <> 'language' OR (bc.pooling_two = $pooling AND bc.prompt_two = $prompt)
        )
        AND NOT EXISTS (
            FROM both_ways AS ac
            WHERE ac.model_one = a.model_a AND ac.model_two = bc.model_two
        )
)
