-- The models that have features or scores here, and what is known of each: its layers, its scores,
-- the model of the other modality it agrees with most, and its skills.
WITH layers AS (
    SELECT model_id, max(len(layer_names)) AS layers, count(DISTINCT dataset_id) AS datasets
    FROM feature_sets
    GROUP BY model_id
),

sided AS (
    SELECT
        unnest([model_x, model_y]) AS model_id,
        unnest([model_y, model_x]) AS partner,
        scores
    FROM scored_pairs
    WHERE model_x <> model_y
),

counted AS (
    SELECT model_id, sum(scores)::BIGINT AS scores, count(DISTINCT partner) AS partners
    FROM sided
    GROUP BY model_id
),

closest AS (
    SELECT
        c.model_id,
        p.label AS partner,
        coalesce(t.label, c.metric) || CASE WHEN c.k IS NULL THEN '' ELSE format(' (k = {})', c.k) END
            AS measure,
        d.title AS dataset,
        c.score
    FROM closest_models AS c
    JOIN models AS p ON p.model_id = c.closest
    JOIN datasets AS d ON d.dataset_id = c.dataset_id AND d.row_order = c.row_order
    LEFT JOIN metrics AS t ON t.name = c.metric
),

able AS (
    SELECT
        model_id,
        count(*) AS skills,
        string_agg(skill || ' ' || format('{:.2f}', score), '; ' ORDER BY place)
            FILTER (place <= 3) AS known_skills
    FROM (
        SELECT
            *,
            row_number() OVER (
                PARTITION BY model_id
                ORDER BY
                    skill LIKE '%, mean per class', skill LIKE 'linear probe of %',
                    predicts_text, skill
            ) AS place
        FROM skills
    )
    GROUP BY model_id
)

SELECT
    m.label AS model,
    m.modality,
    CASE WHEN m.trained THEN m.family ELSE 'untrained' END AS family,
    m.objective,
    m.training_data,
    m.parameters,
    CASE WHEN m.trained THEN 'trained' ELSE 'random weights' END AS weights,
    l.layers,
    coalesce(l.datasets, 0) AS datasets,
    coalesce(c.scores, 0) AS scores,
    coalesce(c.partners, 0) AS partners,
    b.score AS closest_score,
    b.measure AS closest_measure,
    b.partner AS closest_model,
    b.dataset AS closest_dataset,
    coalesce(a.skills, 0) AS skills,
    a.known_skills,
    m.source,
    m.revision,
    m.license,
    m.citation,
    m.model_id
FROM models AS m
LEFT JOIN layers AS l USING (model_id)
LEFT JOIN counted AS c USING (model_id)
LEFT JOIN closest AS b USING (model_id)
LEFT JOIN able AS a USING (model_id)
ORDER BY l.layers IS NULL, m.modality, NOT m.trained, m.family, m.parameters, m.label
