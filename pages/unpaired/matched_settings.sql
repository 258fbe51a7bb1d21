-- Every way in which pairs of models were matched, across modalities first, most pairs in front.
WITH counted AS (
    SELECT
        x.modality AS modality_x,
        y.modality AS modality_y,
        m.dataset_id,
        m.row_order,
        d.title AS dataset,
        m.method,
        m.similarity,
        m.starts,
        m.seed,
        m.n,
        m.blocks,
        count(*) AS pairs
    FROM matchings AS m
    JOIN models AS x ON x.model_id = m.model_x
    JOIN models AS y ON y.model_id = m.model_y
    JOIN datasets AS d ON d.dataset_id = m.dataset_id AND d.row_order = m.row_order
    GROUP BY ALL
)

FROM counted
ORDER BY
    modality_x <> 'language' OR modality_y <> 'vision', modality_x, modality_y, pairs DESC,
    dataset, n DESC, blocks, method, similarity, starts, seed, row_order
