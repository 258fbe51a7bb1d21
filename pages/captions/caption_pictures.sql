-- Two dozen images of a dataset whose captions were varied, the one at $position among them.
-- $base_id, $row_order: the dataset; $position: of an image, from 0.
SELECT DISTINCT
    s.position,
    s.sample_id,
    s.image,
    s.position % 8 AS place,
    (s.position % 24) // 8 AS line,
    s.position = $position AS chosen
FROM caption_sets AS v
JOIN samples AS s
    ON s.dataset_id = v.dataset_id
    AND s.row_order = v.row_order
    AND s.position // 24 = $position // 24
WHERE v.base_id = $base_id AND v.row_order = $row_order AND NOT v.pictures
ORDER BY s.position
