-- What samples share by a word of their captions, of the first $read samples: words in $least captions
-- or more; those whose samples share most of their $k neighbors in two layers first.
WITH
-- include shared_by_sample.sql
,

spoken AS (
    SELECT
        position,
        unnest(list_distinct(regexp_extract_all(lower(caption), '[\p{L}][\p{L}''-]+'))) AS word
    FROM samples
    WHERE dataset_id = $dataset_id AND row_order = $row_order AND position < $read
)

SELECT
    w.word,
    count(*) AS samples,
    avg(c.shared) / $k AS agreement,
    (SELECT avg(a.shared) / $k FROM counted AS a) AS overall
FROM spoken AS w
JOIN counted AS c USING (position)
WHERE w.word NOT IN (
    'a', 'an', 'and', 'are', 'as', 'at', 'by', 'for', 'from', 'has', 'he', 'her', 'his', 'in', 'is', 'it',
    'its', 'of', 'off', 'on', 'or', 'out', 'she', 'that', 'the', 'their', 'them', 'there', 'they', 'this',
    'through', 'to', 'up', 'while', 'who', 'with'
)
GROUP BY w.word
HAVING count(*) >= $least
ORDER BY agreement DESC, w.word
