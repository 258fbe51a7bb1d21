-- How many caption sets were made, whether or not they were compared.
SELECT count(DISTINCT dataset_id) AS sets
FROM caption_sets
WHERE NOT pictures
HAVING sets > 0
