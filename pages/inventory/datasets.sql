-- The sets of image-caption pairs, with what to know before believing a score on them.
SELECT
    title AS dataset,
    n,
    note,
    len(skipped) AS skipped,
    source,
    revision,
    license,
    citation,
    left(row_order, 12) AS row_order
FROM datasets
ORDER BY title, row_order
