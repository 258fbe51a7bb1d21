-- Texts that language models were asked to predict, the one most models read first.
SELECT
    text,
    skill,
    count(DISTINCT model_id) AS models,
    max(tokens) AS tokens,
    max(documents) AS documents,
    string_agg(DISTINCT starts_with, ', ' ORDER BY starts_with) AS starts_with,
    min(context) AS shortest_context,
    max(context) AS longest_context,
    string_agg(DISTINCT collection, ', ' ORDER BY collection) AS published_in,
    strftime(max(finished_at) AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M UTC') AS measured_at
FROM predicted_texts
GROUP BY text, skill
ORDER BY published_in IS NOT NULL, models DESC, text
