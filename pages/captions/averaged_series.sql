-- The longest series of captions and pictures averaged, its scores, and those of captions joined.
WITH averaged AS (
    FROM averaged_alignment
    WHERE base_id = $base_id AND row_order = $row_order AND trained_x AND trained_y
        AND metric = $metric
        AND k IS NOT DISTINCT FROM $k
        AND truncation = $truncation
        AND precision = coalesce($precision, precision)
),

longest AS (
    SELECT made_of_x, made_of_y
    FROM averaged
    ORDER BY samples_x * samples_y DESC, samples_x DESC, finished_at DESC, made_of_x, made_of_y
    LIMIT 1
),

series AS (
    SELECT a.*
    FROM averaged AS a
    CROSS JOIN longest AS l
    WHERE a.made_of_x = l.made_of_x[:a.samples_x] AND a.made_of_y = l.made_of_y[:a.samples_y]
),

-- Pairs of models that every number has: else numbers would be compared over different models.
complete AS (
    SELECT model_x, model_y
    FROM series
    GROUP BY ALL
    HAVING count(DISTINCT (samples_x, samples_y))
        = (SELECT count(DISTINCT (samples_x, samples_y)) FROM series)
),

-- Joined are the first captions of an image, so they stand beside averages of these alone.
joined AS (
    SELECT a.model_x, a.model_y, v.amount::INTEGER AS captions, a.score, a.chance, a.null_best_mean
    FROM alignment AS a
    JOIN caption_sets AS v
        ON v.dataset_id = a.dataset_id AND v.row_order = a.row_order AND v.n = a.n
    SEMI JOIN complete USING (model_x, model_y)
    WHERE v.base_id = $base_id AND v.row_order = $row_order AND v.kind = 'joined'
        AND a.metric = $metric
        AND a.k IS NOT DISTINCT FROM $k
        AND a.truncation = $truncation
        AND a.precision IS NOT DISTINCT FROM coalesce($precision, a.precision)
        AND EXISTS (
            FROM longest
            WHERE len(list_filter(
                made_of_x, lambda name: name <> 'own' AND NOT starts_with(name, 'caption:')
            )) = 0
        )
    QUALIFY row_number() OVER (
        PARTITION BY a.model_x, a.model_y, v.amount ORDER BY a.finished_at DESC, v.finished_at DESC
    ) = 1
),

points AS (
    SELECT
        'features averaged' AS how, samples_x AS captions, samples_y AS pictures,
        model_x, model_y, score, null_mean, null_best_mean
    FROM series
    SEMI JOIN complete USING (model_x, model_y)
    UNION ALL BY NAME
    SELECT
        'captions joined as text' AS how, captions, 1 AS pictures,
        model_x, model_y, score, chance AS null_mean, null_best_mean
    FROM joined
    QUALIFY count(*) OVER (PARTITION BY captions) = (SELECT count(*) FROM complete)
)
