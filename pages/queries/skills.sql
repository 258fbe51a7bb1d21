-- What models can do, the skill most models have first: benchmarks and texts predicted.
SELECT
    s.skill,
    m.modality,
    s.predicts_text,
    count(*) AS models,
    min(s.score) AS lowest,
    max(s.score) AS highest,
    string_agg(DISTINCT s.collection, ', ' ORDER BY s.collection) AS collection,
    string_agg(DISTINCT nullif(s.source, ''), '; ' ORDER BY nullif(s.source, '')) AS source,
    string_agg(DISTINCT nullif(s.licence, ''), '; ' ORDER BY nullif(s.licence, '')) AS licence,
    string_agg(DISTINCT nullif(s.note, ''), ' ' ORDER BY nullif(s.note, '')) AS note
FROM skills AS s
JOIN models AS m USING (model_id)
GROUP BY s.skill, m.modality, s.predicts_text
ORDER BY s.predicts_text, models DESC, s.skill
