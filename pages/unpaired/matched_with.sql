-- With whom every sample of one matching was matched, and where its true partner stood.
SELECT
    m.position,
    m.sample_id,
    m.caption,
    m.partner,
    m.partner_id,
    m.partner_caption,
    m.is_correct,
    m.true_rank,
    own.webp,
    other.webp AS partner_webp
FROM matched_samples AS m
LEFT JOIN sample_thumbnails AS a
    ON a.position = m.position AND a.dataset_id = m.dataset_id AND a.row_order = m.row_order
LEFT JOIN thumbnails AS own ON own.content_hash = a.content_hash
LEFT JOIN sample_thumbnails AS b
    ON b.position = m.partner AND b.dataset_id = m.dataset_id AND b.row_order = m.row_order
LEFT JOIN thumbnails AS other ON other.content_hash = b.content_hash
WHERE m.unit_key = $unit_key
ORDER BY m.is_correct, m.true_rank DESC, m.position
