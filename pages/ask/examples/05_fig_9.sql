-- Fig. 9: what do captions that say more gain?
SELECT
    d.base_id AS dataset, f.title AS from_captions, t.title AS to_captions,
    f.words AS from_words, t.words AS to_words, d.difference, d.interval_low, d.interval_high
FROM caption_differences AS d
JOIN caption_sets AS f ON f.dataset_id = d.from_id
JOIN caption_sets AS t ON t.dataset_id = d.to_id
WHERE d.vision_model IS NULL
ORDER BY dataset, d.difference DESC
