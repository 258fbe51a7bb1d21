-- What samples share by their class: classes of $least samples or more, those whose samples share most
-- of their $k neighbors in two layers first.
WITH
-- include shared_by_sample.sql

SELECT
    t.label,
    count(*) AS samples,
    avg(c.shared) / $k AS agreement,
    (SELECT avg(a.shared) / $k FROM counted AS a) AS overall
FROM counted AS c
JOIN sample_labels AS t
    ON t.position = c.position AND t.dataset_id = $dataset_id AND t.row_order = $row_order
GROUP BY t.label
HAVING count(*) >= $least
ORDER BY agreement DESC, t.label
