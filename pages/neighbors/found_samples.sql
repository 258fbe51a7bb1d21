-- Samples whose caption or id holds $words, at most $most of them and always the one at $position:
-- those that share most of their $k neighbors in two layers first (most), least (least), or most more
-- or fewer than in the pair of $other_key (difference).
WITH
-- include shared_by_sample.sql
,

there AS (
    SELECT unnest(range(len(shared)))::INTEGER AS position, unnest(shared)::INTEGER AS shared_there
    FROM sample_agreement
    WHERE unit_key = $other_key
),

valued AS (
    SELECT
        c.position, c.shared, t.shared_there,
        CASE $sought
            WHEN 'most' THEN c.shared
            WHEN 'least' THEN -c.shared
            ELSE abs(c.shared - t.shared_there)
        END AS worth
    FROM counted AS c
    LEFT JOIN there AS t USING (position)
),

-- Captions come last, of few: of many samples nearly all have none to be looked at.
ranked AS (
    SELECT v.*, row_number() OVER (ORDER BY v.worth DESC NULLS LAST, v.position) AS turn
    FROM valued AS v
    WHERE $words = '' OR v.position IN (
        SELECT s.position FROM samples AS s
        WHERE s.dataset_id = $dataset_id AND s.row_order = $row_order
            AND (contains(lower(s.caption), lower($words)) OR contains(lower(s.sample_id), lower($words)))
    )
),

picked AS (
    SELECT position, shared, shared_there, turn FROM ranked WHERE turn <= $most
    UNION ALL
    SELECT position, shared, shared_there, NULL FROM valued
    WHERE position = $position
        AND position NOT IN (SELECT r.position FROM ranked AS r WHERE r.turn <= $most)
)

SELECT
    p.position,
    s.sample_id,
    s.caption,
    s.image,
    p.shared,
    p.shared_there,
    p.turn IS NOT NULL AS found,
    t.webp
FROM picked AS p
LEFT JOIN samples AS s
    ON s.position = p.position AND s.dataset_id = $dataset_id AND s.row_order = $row_order
LEFT JOIN sample_thumbnails AS u
    ON u.position = p.position AND u.dataset_id = $dataset_id AND u.row_order = $row_order
LEFT JOIN thumbnails AS t USING (content_hash)
ORDER BY p.turn NULLS LAST
