-- The paper's figures, and what stands here for each: measured here, published numbers only, or not
-- yet, with the command that fills it. A trend takes three models.
WITH abilities AS (
    SELECT
        s.model_id,
        m.modality,
        bool_or(s.predicts_text) AS predicts,
        bool_or(NOT s.predicts_text) AS tested
    FROM skills AS s
    JOIN models AS m USING (model_id)
    GROUP BY s.model_id, m.modality
),

met AS (
    SELECT
        s.published,
        s.metric,
        s.k,
        s.model_x AS language_model,
        s.model_y AS vision_model,
        coalesce(b.predicts, false) AS predicts,
        coalesce(b.tested, false) AS tested
    FROM scored_pairs AS s
    JOIN models AS l ON l.model_id = s.model_x AND l.modality = 'language' AND l.trained
    JOIN models AS v ON v.model_id = s.model_y AND v.modality = 'vision' AND v.trained
    LEFT JOIN abilities AS b ON b.model_id = s.model_x
),

seen AS (
    SELECT s.model_x, s.model_y, s.metric, s.k
    FROM scored_pairs AS s
    JOIN models AS x ON x.model_id = s.model_x AND x.modality = 'vision'
    JOIN models AS y ON y.model_id = s.model_y AND y.modality = 'vision'
    WHERE s.model_x <> s.model_y AND NOT s.published
),

meeting AS (
    SELECT
        count(DISTINCT (language_model, vision_model)) FILTER (NOT published) AS pairs,
        count(DISTINCT (language_model, vision_model)) FILTER (published) AS published_pairs,
        count(DISTINCT language_model) FILTER (NOT published AND predicts) AS reading,
        count(DISTINCT language_model) FILTER (published AND predicts) AS published_reading,
        count(DISTINCT language_model) FILTER (NOT published AND tested) AS skilled,
        count(DISTINCT language_model) FILTER (published AND tested) AS published_skilled,
        count(DISTINCT metric) FILTER (NOT published AND predicts) AS read_metrics,
        count(DISTINCT metric) FILTER (NOT published) AS metrics
    FROM met
),

reach AS (
    SELECT coalesce(max(ks), 0) AS ks
    FROM (SELECT count(DISTINCT k) AS ks FROM met WHERE NOT published GROUP BY metric)
),

within AS (
    SELECT count(*) AS vision_models, count(b.model_id) AS competent
    FROM (SELECT DISTINCT unnest([model_x, model_y]) AS model FROM seen) AS w
    LEFT JOIN abilities AS b ON b.model_id = w.model
),

ranked AS (
    SELECT
        count(DISTINCT (metric, k)) AS settings,
        count(DISTINCT (least(model_x, model_y), greatest(model_x, model_y))) AS ranked_pairs
    FROM seen
),

colors AS (
    SELECT
        count(DISTINCT model_id) FILTER (side = 'language') AS color_models,
        count(*) FILTER (side = 'vision') AS pictures
    FROM color_agreement
),

densities AS (
    SELECT coalesce(max(sets), 0) AS sets
    FROM (
        SELECT count(DISTINCT v.dataset_id) AS sets
        FROM caption_sets AS v
        WHERE NOT v.pictures AND NOT v.control
            AND v.dataset_id IN (SELECT s.dataset_id FROM scored_models AS s)
        GROUP BY v.base_id, v.row_order
    )
),

listed AS (
    SELECT
        count(*) AS known,
        count(*) FILTER (name IN (SELECT s.metric FROM scored_pairs AS s WHERE NOT s.published)) AS scored
    FROM metrics
),

worlds AS (SELECT count(*) AS simulations FROM theory_runs),

counted AS (
    SELECT *
    FROM meeting, reach, within, ranked, colors, densities, listed, worlds
),

told AS (
    SELECT unnest([
        {
            'place': 1, 'figure': 'Fig. 2', 'topic': 'competence',
            'what': 'strong vision models agree',
            'measured': competent >= 4, 'published': false,
            'detail': format('vision models compared: {} · with competence known: {}', vision_models, competent),
            'command': CASE
                WHEN vision_models < 4 THEN 'prh demo'
                ELSE 'prh probe --panel demo'
            END
        },
        {
            'place': 2, 'figure': 'Fig. 3', 'topic': 'alignment',
            'what': 'language and vision align',
            'measured': reading >= 3, 'published': published_reading >= 3,
            'detail': format('pairs of trained models: {} · language models with bits per byte: {}', pairs, reading)
                || CASE
                    WHEN published_pairs > 0 THEN format(' · published: {} and {}', published_pairs, published_reading)
                    ELSE ''
                END,
            'command': CASE WHEN pairs = 0 THEN 'prh demo' ELSE 'prh bits --text openwebtext --panel paper-language' END
        },
        {
            'place': 3, 'figure': 'Fig. 4', 'topic': 'skill',
            'what': 'alignment predicts downstream skill',
            'measured': skilled >= 3, 'published': published_skilled >= 3,
            'detail': format('language models with a benchmark: {}', skilled)
                || CASE WHEN published_skilled > 0 THEN format(' · published: {}', published_skilled) ELSE '' END,
            'command': 'prh import lm-eval results_*.json'
        },
        {
            'place': 4, 'figure': 'Fig. 8', 'topic': 'color',
            'what': 'colors in words and in pictures',
            'measured': color_models > 0 OR pictures > 0, 'published': false,
            'detail': format('language models: {} · sets of pictures: {}', color_models, pictures),
            'command': 'prh color --panel demo --pictures package:scikit-learn'
        },
        {
            'place': 5, 'figure': 'Fig. 9', 'topic': 'captions',
            'what': 'denser captions align better',
            'measured': sets >= 2, 'published': false,
            'detail': format('caption sets scored: {}', sets),
            'command': 'prh captions --dataset emoji --panel demo --set column:word --set own '
                || '--set column:definition'
        },
        {
            'place': 6, 'figure': 'Fig. 10', 'topic': 'neighborhood',
            'what': 'local or global',
            'measured': ks >= 2, 'published': false,
            'detail': format('numbers of neighbors k of one metric: {}', ks),
            'command': 'prh demo'
        },
        {
            'place': 7, 'figure': 'Fig. 11', 'topic': 'metrics',
            'what': 'properties of the metrics',
            'measured': scored > 0, 'published': false,
            'detail': format('metrics: {} · scored: {}', known, scored),
            'command': 'prh demo'
        },
        {
            'place': 8, 'figure': 'Fig. 12', 'topic': 'metrics',
            'what': 'metrics agree about vision models',
            'measured': settings >= 2 AND ranked_pairs >= 3, 'published': false,
            'detail': format('metrics and k: {} · pairs of vision models: {}', settings, ranked_pairs),
            'command': 'prh demo'
        },
        {
            'place': 9, 'figure': 'Figs. 13, 14', 'topic': 'metrics',
            'what': 'Fig. 3 under each metric',
            'measured': reading >= 3 AND read_metrics >= 2, 'published': false,
            'detail': format('metrics scored: {} · language models with bits per byte: {}', metrics, reading),
            'command': CASE WHEN pairs = 0 THEN 'prh demo' ELSE 'prh bits --text openwebtext --panel paper-language' END
        },
        {
            'place': 10, 'figure': 'Section 4, App. F', 'topic': 'theory',
            'what': 'worlds simulated',
            'measured': simulations > 0, 'published': false,
            'detail': format('simulations: {}', simulations),
            'command': 'prh theory'
        }
    ], recursive := true)
    FROM counted
)

SELECT
    figure,
    what,
    CASE
        WHEN measured THEN 'measured here'
        WHEN published THEN 'published numbers only'
        ELSE 'not yet'
    END AS state,
    detail,
    CASE WHEN NOT measured THEN command END AS command,
    topic
FROM told
ORDER BY place
