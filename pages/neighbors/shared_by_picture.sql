-- What every sample shares of its $k neighbors in two layers, beside what its picture is like.
WITH
-- include shared_by_sample.sql

SELECT
    c.position,
    c.shared / $k AS agreement,
    p.brightness,
    p.contrast,
    p.colorfulness,
    p.detail
FROM counted AS c
JOIN picture_statistics AS p
    ON p.position = c.position AND p.dataset_id = $dataset_id AND p.row_order = $row_order
ORDER BY c.position
