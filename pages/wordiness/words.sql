-- Words a caption by dataset.
SELECT
    d.title AS dataset,
    w.words,
    w.n
FROM wordiness AS w
JOIN datasets AS d USING (dataset_id, row_order)
ORDER BY w.words DESC, dataset
