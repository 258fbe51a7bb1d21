-- Version 15. How well language models predict text (paper, Fig. 3, x axis: 1 - bits per byte).

-- One row per chunk of whole documents a language model was asked to predict; chunks of a unit
-- add up.
CREATE TABLE bits (
    unit_key VARCHAR NOT NULL, -- Hash of the model, the text's content and the settings.
    chunk INTEGER NOT NULL, -- Place of the chunk in the text, from 0; -1 where the text or the budget ended, with no further documents.
    run_id VARCHAR NOT NULL, -- The run that computed it.
    model_id VARCHAR NOT NULL, -- The language model.
    revision VARCHAR NOT NULL, -- What was loaded.
    text VARCHAR NOT NULL, -- Name of the text.
    budget BIGINT NOT NULL, -- Bytes of text to read at least, where the text has them.
    context INTEGER NOT NULL, -- Most tokens in a window.
    stride INTEGER NOT NULL, -- Tokens that move into view at a time.
    starts_with VARCHAR NOT NULL, -- bos: a start token stands before every document and all its tokens are scored; none: the first is not, nor its bytes counted.
    nats DOUBLE NOT NULL, -- Sum of -ln p over the tokens scored, log-probabilities in float32.
    tokens BIGINT NOT NULL, -- Tokens scored.
    bytes BIGINT NOT NULL, -- UTF-8 bytes of the text the scored tokens stand for: all of a document, or all but its first token's where that is not scored.
    documents BIGINT NOT NULL, -- Documents.
    dtype VARCHAR NOT NULL, -- Precision of the network.
    device VARCHAR NOT NULL, -- Where it ran.
    finished_at TIMESTAMPTZ NOT NULL, -- When.
    bits_version INTEGER, -- Version of the measuring code; NULL in rows that are older than this column, whose budget counts tokens.
    PRIMARY KEY (unit_key, chunk)
);

-- Bits per byte of every finished measurement: sum of nats / ln 2 / bytes of the scored text;
-- where collection is not NULL somebody published it, and no more is known.
CREATE VIEW bits_per_byte AS
SELECT
    model_id, text, sum(nats) / ln(2) / sum(bytes) AS bits_per_byte,
    1 - sum(nats) / ln(2) / sum(bytes) AS language_score,
    sum(tokens)::BIGINT AS tokens, sum(bytes)::BIGINT AS bytes, sum(documents)::BIGINT AS documents,
    budget, context, stride, starts_with, dtype AS precision, bits_version, unit_key,
    max(finished_at) AS finished_at
FROM bits
GROUP BY ALL
HAVING min(chunk) = -1
UNION ALL BY NAME
SELECT
    model_id, text, bits_per_byte, 1 - bits_per_byte AS language_score, unit_key,
    imported_at AS finished_at, collection
FROM imported_bits;

-- How well models predict a text, a row per model and stretch of text: models that read more or
-- fewer documents of it, or computed in another precision, have another skill.
CREATE VIEW predicted_texts AS
WITH compared AS (
    SELECT * FROM bits_per_byte
    -- Where measuring was corrected, older figures of a text do not stand beside newer ones.
    QUALIFY collection IS NOT NULL
        OR bits_version IS NOT DISTINCT FROM max(bits_version) OVER (PARTITION BY text)
),

named AS (
    SELECT
        * REPLACE (
            text || CASE
                WHEN documents < max(documents) OVER (PARTITION BY text)
                    THEN ', documents 1 to ' || documents
                ELSE ''
            END || CASE WHEN precision <> 'float32' THEN ', ' || precision ELSE '' END AS text
        )
    FROM compared
)

-- A model measured twice on the same stretch of a text counts once: with the newer figure.
SELECT '1 − bits per byte of ' || text AS skill, * FROM named
QUALIFY row_number() OVER (
    PARTITION BY model_id, text ORDER BY tokens IS NULL, finished_at DESC, unit_key
) = 1;
