-- How well language models predict text (paper, Fig. 3, x axis: 1 - bits per byte).

CREATE TABLE bits (
    unit_key VARCHAR NOT NULL, chunk INTEGER NOT NULL, run_id VARCHAR NOT NULL,
    model_id VARCHAR NOT NULL, revision VARCHAR NOT NULL, text VARCHAR NOT NULL,
    budget BIGINT NOT NULL, context INTEGER NOT NULL, stride INTEGER NOT NULL,
    starts_with VARCHAR NOT NULL, nats DOUBLE NOT NULL, tokens BIGINT NOT NULL,
    bytes BIGINT NOT NULL, documents BIGINT NOT NULL, dtype VARCHAR NOT NULL,
    device VARCHAR NOT NULL, finished_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (unit_key, chunk)
);
COMMENT ON TABLE bits IS 'One row per chunk of whole documents a language model was asked to predict; chunks of a unit add up.';
COMMENT ON COLUMN bits.unit_key IS 'Hash of the model, the text''s content and the settings.';
COMMENT ON COLUMN bits.chunk IS 'Place of the chunk in the text, from 0; -1 where the text or the budget ended, with no further documents.';
COMMENT ON COLUMN bits.run_id IS 'The run that computed it.';
COMMENT ON COLUMN bits.model_id IS 'The language model.';
COMMENT ON COLUMN bits.revision IS 'What was loaded.';
COMMENT ON COLUMN bits.text IS 'Name of the text.';
COMMENT ON COLUMN bits.budget IS 'Tokens to score at least, where the text has them.';
COMMENT ON COLUMN bits.context IS 'Most tokens in a window.';
COMMENT ON COLUMN bits.stride IS 'Tokens that move into view at a time.';
COMMENT ON COLUMN bits.starts_with IS 'bos: a start token stands before every document and all its tokens are scored; none: the first is not, nor its bytes counted.';
COMMENT ON COLUMN bits.nats IS 'Sum of -ln p over the tokens scored, log-probabilities in float32.';
COMMENT ON COLUMN bits.tokens IS 'Tokens scored.';
COMMENT ON COLUMN bits.bytes IS 'UTF-8 bytes of the text those tokens stand for.';
COMMENT ON COLUMN bits.documents IS 'Documents.';
COMMENT ON COLUMN bits.dtype IS 'Precision of the network.';
COMMENT ON COLUMN bits.device IS 'Where it ran.';
COMMENT ON COLUMN bits.finished_at IS 'When.';

CREATE VIEW bits_per_byte AS
SELECT
    model_id, text, sum(nats) / ln(2) / sum(bytes) AS bits_per_byte,
    1 - sum(nats) / ln(2) / sum(bytes) AS language_score,
    sum(tokens)::BIGINT AS tokens, sum(bytes)::BIGINT AS bytes, sum(documents)::BIGINT AS documents,
    budget, context, stride, starts_with, unit_key, max(finished_at) AS finished_at
FROM bits
GROUP BY ALL
HAVING min(chunk) = -1;
COMMENT ON VIEW bits_per_byte IS 'Bits per byte of every finished measurement: sum of nats / ln 2 / bytes of the scored text.';
