-- What samples share by the number of words of their captions, of 30 and more together.
WITH
-- include shared_by_sample.sql

SELECT
    least(30, len(string_split(trim(s.caption), ' ')))::INTEGER AS words,
    count(*) AS samples,
    avg(c.shared) / $k AS agreement,
    (SELECT avg(a.shared) / $k FROM counted AS a) AS overall
FROM counted AS c
JOIN samples AS s
    ON s.position = c.position AND s.dataset_id = $dataset_id AND s.row_order = $row_order
WHERE trim(s.caption) <> ''
GROUP BY ALL
ORDER BY words
