-- What one image's captions say in every caption set of a dataset.
-- $base_id, $row_order: the dataset; $position: of the image, from 0.
SELECT
    v.title AS caption_set,
    s.caption,
    array_length(string_split(trim(s.caption), ' ')) AS words,
    s.sample_id,
    s.image,
    s.position,
    v.control
FROM caption_sets AS v
JOIN samples AS s
    ON s.dataset_id = v.dataset_id AND s.row_order = v.row_order AND s.position = $position
WHERE v.base_id = $base_id AND v.row_order = $row_order AND NOT v.pictures
QUALIFY row_number() OVER (PARTITION BY v.dataset_id ORDER BY v.finished_at DESC, v.unit_key) = 1
ORDER BY v.control, v.words, v.title
