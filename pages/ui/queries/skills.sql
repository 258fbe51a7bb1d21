-- What models can do, the skill most models have first: benchmarks and texts predicted.
-- $dataset_id: whose models are counted apart, because only they can be drawn there.
WITH compared AS (
    SELECT DISTINCT model_id FROM scored_models WHERE dataset_id = $dataset_id
)

SELECT
    s.skill,
    m.modality,
    s.predicts_text,
    count(*) AS models,
    count(c.model_id) AS here,
    min(s.score) AS lowest,
    max(s.score) AS highest,
    string_agg(DISTINCT s.collection, ', ' ORDER BY s.collection) AS collection,
    string_agg(DISTINCT nullif(s.source, ''), '; ' ORDER BY nullif(s.source, '')) AS source,
    string_agg(DISTINCT nullif(s.license, ''), '; ' ORDER BY nullif(s.license, '')) AS license,
    string_agg(DISTINCT nullif(s.note, ''), ' ' ORDER BY nullif(s.note, '')) AS note
FROM skills AS s
JOIN models AS m USING (model_id)
LEFT JOIN compared AS c USING (model_id)
GROUP BY s.skill, m.modality, s.predicts_text
ORDER BY here = 0, s.predicts_text, here DESC, models DESC, s.skill
