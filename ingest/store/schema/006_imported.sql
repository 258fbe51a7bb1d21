-- What others measured: skill on benchmarks, and published bits per byte and alignment.

CREATE TABLE benchmarks (
    unit_key VARCHAR PRIMARY KEY, run_id VARCHAR NOT NULL, model_id VARCHAR NOT NULL,
    benchmark VARCHAR NOT NULL, measure VARCHAR NOT NULL, shots INTEGER,
    score DOUBLE NOT NULL, stderr DOUBLE, collection VARCHAR NOT NULL, named VARCHAR NOT NULL,
    source VARCHAR NOT NULL, license VARCHAR NOT NULL, note VARCHAR NOT NULL,
    imported_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE benchmarks IS 'One row per model, benchmark and measure, imported with its source.';
COMMENT ON COLUMN benchmarks.unit_key IS 'Hash of collection, model, benchmark, measure and shots: importing again replaces.';
COMMENT ON COLUMN benchmarks.run_id IS 'The run that imported it.';
COMMENT ON COLUMN benchmarks.model_id IS 'Catalog id.';
COMMENT ON COLUMN benchmarks.benchmark IS 'Name of the task, e.g. HellaSwag.';
COMMENT ON COLUMN benchmarks.measure IS 'What is counted, e.g. acc_norm; empty where the source does not say.';
COMMENT ON COLUMN benchmarks.shots IS 'Solved examples in the prompt; NULL where the source does not say.';
COMMENT ON COLUMN benchmarks.score IS 'As a share, 0 to 1, for accuracies; otherwise in the measure''s own unit.';
COMMENT ON COLUMN benchmarks.stderr IS 'Standard error, same unit; NULL where the source does not say.';
COMMENT ON COLUMN benchmarks.collection IS 'Which table or harness it is from: scores of one collection compare.';
COMMENT ON COLUMN benchmarks.named IS 'The model''s name there.';
COMMENT ON COLUMN benchmarks.source IS 'Where it was published, or the results file.';
COMMENT ON COLUMN benchmarks.license IS 'License of the source.';
COMMENT ON COLUMN benchmarks.note IS 'What to know before believing it.';
COMMENT ON COLUMN benchmarks.imported_at IS 'When.';

CREATE TABLE imported_bits (
    unit_key VARCHAR PRIMARY KEY, run_id VARCHAR NOT NULL, model_id VARCHAR NOT NULL,
    text VARCHAR NOT NULL, bits_per_byte DOUBLE NOT NULL, collection VARCHAR NOT NULL,
    named VARCHAR NOT NULL, source VARCHAR NOT NULL, license VARCHAR NOT NULL,
    note VARCHAR NOT NULL, imported_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE imported_bits IS 'One row per model and text: bits per byte that somebody published.';
COMMENT ON COLUMN imported_bits.unit_key IS 'Hash of collection, model and text.';
COMMENT ON COLUMN imported_bits.run_id IS 'The run that imported it.';
COMMENT ON COLUMN imported_bits.model_id IS 'Catalog id.';
COMMENT ON COLUMN imported_bits.text IS 'Name of the text.';
COMMENT ON COLUMN imported_bits.bits_per_byte IS 'Bits per byte, above 0.';
COMMENT ON COLUMN imported_bits.collection IS 'Which table it is from.';
COMMENT ON COLUMN imported_bits.named IS 'The model''s name there.';
COMMENT ON COLUMN imported_bits.source IS 'Where it was published.';
COMMENT ON COLUMN imported_bits.license IS 'License of the source.';
COMMENT ON COLUMN imported_bits.note IS 'What to know before believing it.';
COMMENT ON COLUMN imported_bits.imported_at IS 'When.';

CREATE TABLE imported_scores (
    unit_key VARCHAR PRIMARY KEY, run_id VARCHAR NOT NULL, model_x VARCHAR NOT NULL,
    model_y VARCHAR NOT NULL, dataset_id VARCHAR NOT NULL, row_order VARCHAR NOT NULL,
    pooling_x VARCHAR NOT NULL, prompt_x VARCHAR NOT NULL, pooling_y VARCHAR NOT NULL,
    prompt_y VARCHAR NOT NULL, metric VARCHAR NOT NULL, k INTEGER, truncation VARCHAR NOT NULL,
    n INTEGER NOT NULL, normalized BOOLEAN NOT NULL, score DOUBLE NOT NULL, null_mean DOUBLE,
    collection VARCHAR NOT NULL, source VARCHAR NOT NULL, imported_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE imported_scores IS 'One row per pair of models: an alignment that somebody published, best layers, without its layer table.';
COMMENT ON COLUMN imported_scores.unit_key IS 'Hash of collection, models and setting.';
COMMENT ON COLUMN imported_scores.run_id IS 'The run that imported it.';
COMMENT ON COLUMN imported_scores.model_x IS 'Catalog id of the language model.';
COMMENT ON COLUMN imported_scores.model_y IS 'Catalog id of the vision model.';
COMMENT ON COLUMN imported_scores.dataset_id IS 'The published set, as in datasets; its row order is unknown.';
COMMENT ON COLUMN imported_scores.row_order IS 'Always unknown: such scores compare with each other only.';
COMMENT ON COLUMN imported_scores.pooling_x IS 'How a caption''s tokens became one vector.';
COMMENT ON COLUMN imported_scores.prompt_x IS 'Prompt round the caption.';
COMMENT ON COLUMN imported_scores.pooling_y IS 'How an image''s tokens became one vector.';
COMMENT ON COLUMN imported_scores.prompt_y IS 'Always none.';
COMMENT ON COLUMN imported_scores.metric IS 'Registered name, as in metrics.name.';
COMMENT ON COLUMN imported_scores.k IS 'Neighbors per sample; NULL for metrics without.';
COMMENT ON COLUMN imported_scores.truncation IS 'Outlier truncation.';
COMMENT ON COLUMN imported_scores.n IS 'Samples.';
COMMENT ON COLUMN imported_scores.normalized IS 'Whether rows were l2-normalized.';
COMMENT ON COLUMN imported_scores.score IS 'Best over pairs of single layers.';
COMMENT ON COLUMN imported_scores.null_mean IS 'Expected score of one pair of unrelated layers, where it is known.';
COMMENT ON COLUMN imported_scores.collection IS 'Which table it is from.';
COMMENT ON COLUMN imported_scores.source IS 'Where it was published.';
COMMENT ON COLUMN imported_scores.imported_at IS 'When.';

CREATE OR REPLACE VIEW current_scores AS
SELECT * FROM scores
QUALIFY row_number() OVER (
    PARTITION BY model_x, model_y, dataset_id, row_order, pooling_x, prompt_x, pooling_y, prompt_y,
                 metric, k, n, truncation, normalized, sigma
    ORDER BY score_version DESC, coalesce(permutations, 0) DESC, finished_at DESC, unit_key
) = 1
UNION ALL BY NAME
SELECT
    * EXCLUDE (collection, source, imported_at),
    score AS single_layer_score, imported_at AS finished_at
FROM imported_scores;
COMMENT ON VIEW current_scores IS 'scores without what a later extraction or scoring of the same setting superseded (of several calibrations the one with most permutations), and imported_scores, which have no layer table.';

CREATE OR REPLACE VIEW bits_per_byte AS
SELECT
    model_id, text, sum(nats) / ln(2) / sum(bytes) AS bits_per_byte,
    1 - sum(nats) / ln(2) / sum(bytes) AS language_score,
    sum(tokens)::BIGINT AS tokens, sum(bytes)::BIGINT AS bytes, sum(documents)::BIGINT AS documents,
    budget, context, stride, starts_with, unit_key, max(finished_at) AS finished_at
FROM bits
GROUP BY ALL
HAVING min(chunk) = -1
UNION ALL BY NAME
SELECT
    model_id, text, bits_per_byte, 1 - bits_per_byte AS language_score, unit_key,
    imported_at AS finished_at, collection
FROM imported_bits;
COMMENT ON VIEW bits_per_byte IS 'Bits per byte of every finished measurement: sum of nats / ln 2 / bytes of the scored text; where collection is not NULL somebody published it, and no more is known.';

CREATE VIEW skills AS
WITH told AS (
    SELECT
        model_id,
        benchmark || CASE
            WHEN measure = '' AND shots IS NULL THEN ''
            ELSE ' (' || concat_ws(', ', nullif(measure, ''), shots || '-shot') || ')'
        END || ', ' || collection AS skill,
        score, stderr, false AS predicts_text, collection, source, license, note,
        imported_at AS known_at, 1 AS place
    FROM benchmarks
    UNION ALL BY NAME
    -- A model measured twice on a text counts with its longer measurement, then with its newer one.
    SELECT
        model_id, '1 − bits per byte of ' || text AS skill, language_score AS score,
        true AS predicts_text, coalesce(collection, 'measured here') AS collection,
        finished_at AS known_at, row_number() OVER (
            PARTITION BY model_id, text ORDER BY tokens DESC NULLS LAST, finished_at DESC
        ) AS place
    FROM bits_per_byte
)

SELECT * EXCLUDE (place) FROM told WHERE place = 1;
COMMENT ON VIEW skills IS 'What models can do, a row per model and skill: benchmarks, and how well they predict a text (1 - bits per byte). Compare within one skill only.';
