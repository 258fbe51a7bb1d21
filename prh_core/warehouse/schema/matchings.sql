-- Version 20. Two models' samples matched without pairs: which found their true partner.

-- One row per pair of feature sets and way of matching. The true pairing is kept from the search and
-- used for the counts alone.
CREATE TABLE matchings (
    unit_key VARCHAR NOT NULL, -- Hash of everything that determines the matching.
    run_id VARCHAR NOT NULL, -- The run that matched.
    features_x VARCHAR NOT NULL, -- Feature set of x, as in feature_sets.unit_key.
    features_y VARCHAR NOT NULL, -- Feature set of y.
    model_x VARCHAR NOT NULL, -- First model.
    model_y VARCHAR NOT NULL, -- Second model.
    dataset_id VARCHAR NOT NULL, -- What both saw.
    row_order VARCHAR NOT NULL, -- Order and identity of the samples.
    layer_x INTEGER NOT NULL, -- Layer of x, from 0: the last that is not constant.
    layer_name_x VARCHAR NOT NULL, -- Its name.
    layer_y INTEGER NOT NULL, -- Layer of y.
    layer_name_y VARCHAR NOT NULL, -- Its name.
    method VARCHAR NOT NULL, -- assignment (quadratic), translation (clusters, then a rotation) or both.
    similarity VARCHAR NOT NULL, -- Of samples within a space: cosine, ranks or local.
    starts INTEGER NOT NULL, -- Starts of the search in each block; the best counts.
    seed BIGINT NOT NULL, -- Of the draw of blocks and of every start.
    n INTEGER NOT NULL, -- Samples matched, of all blocks together.
    blocks INTEGER NOT NULL, -- Disjoint draws of n / blocks samples, each matched by itself.
    correct INTEGER NOT NULL, -- Samples matched with their true partner.
    chance_correct DOUBLE NOT NULL, -- What luck expects: one a block, whatever its size.
    p_value DOUBLE NOT NULL, -- P(as many correct or more) under a random truth, exact.
    mean_rank DOUBLE NOT NULL, -- Of the true partner among the block's samples by the matching's evidence, 1 the best.
    chance_rank DOUBLE NOT NULL, -- What luck expects: (n / blocks + 1) / 2.
    p_rank DOUBLE NOT NULL, -- Share of random truths whose mean rank is as low, itself counted.
    agreement DOUBLE NOT NULL, -- Correlation of both spaces' similarities under the matching, mean of blocks.
    agreement_of_truth DOUBLE NOT NULL, -- Under the true pairing: above agreement the search failed, below it no search would find the truth.
    positions INTEGER[] NOT NULL, -- Samples of x, block after block, as in samples.position.
    partners INTEGER[] NOT NULL, -- Sample of y that each was matched with.
    ranks DOUBLE[] NOT NULL, -- Rank of each one's true partner.
    matching_version INTEGER NOT NULL, -- Version of the code.
    finished_at TIMESTAMPTZ NOT NULL -- When.
);

-- matchings, a row per sample: with whom it was matched, and at what rank its true partner stood.
CREATE VIEW matched_samples AS
WITH matched AS (
    SELECT
        * EXCLUDE (positions, partners, ranks),
        unnest(positions) AS "position", unnest(partners) AS partner, unnest(ranks) AS true_rank
    FROM matchings
)

SELECT
    m.model_x, m.model_y, m.dataset_id, m.row_order, m.method, m.similarity, m.n, m.blocks,
    m.position, s.sample_id, s.caption, m.partner, o.sample_id AS partner_id,
    o.caption AS partner_caption, m.position = m.partner AS is_correct, m.true_rank, m.unit_key
FROM matched AS m
LEFT JOIN samples AS s
    ON s.dataset_id = m.dataset_id AND s.row_order = m.row_order AND s.position = m.position
LEFT JOIN samples AS o
    ON o.dataset_id = m.dataset_id AND o.row_order = m.row_order AND o.position = m.partner;
