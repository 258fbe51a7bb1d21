-- The warehouse's tables. Keys stand on small tables only: a primary key on the big ones costs
-- more than it gives, because the publisher keeps only rows whose unit_key is new.

CREATE TABLE models (
    model_id VARCHAR PRIMARY KEY, label VARCHAR NOT NULL, modality VARCHAR NOT NULL,
    family VARCHAR NOT NULL, objective VARCHAR NOT NULL, training_data VARCHAR NOT NULL,
    source VARCHAR NOT NULL, revision VARCHAR NOT NULL, license VARCHAR NOT NULL,
    parameters BIGINT, trained BOOLEAN NOT NULL, citation VARCHAR NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE models IS 'One row per model that has features or scores here.';
COMMENT ON COLUMN models.model_id IS 'Catalog id.';
COMMENT ON COLUMN models.label IS 'Short name used in charts.';
COMMENT ON COLUMN models.modality IS 'vision or language.';
COMMENT ON COLUMN models.family IS 'Models that share objective and data; one color in charts.';
COMMENT ON COLUMN models.objective IS 'What it was trained to do.';
COMMENT ON COLUMN models.training_data IS 'What it was trained on.';
COMMENT ON COLUMN models.source IS 'Hub repository, package or file of the weights.';
COMMENT ON COLUMN models.revision IS 'Commit, tag or package version asked for; what was loaded stands in feature_sets.revision.';
COMMENT ON COLUMN models.license IS 'License of the weights.';
COMMENT ON COLUMN models.parameters IS 'Number of parameters.';
COMMENT ON COLUMN models.trained IS 'False for randomly initialized controls.';
COMMENT ON COLUMN models.citation IS 'Where it was published.';
COMMENT ON COLUMN models.recorded_at IS 'When the record was last written.';

CREATE TABLE datasets (
    dataset_id VARCHAR NOT NULL, row_order VARCHAR NOT NULL, title VARCHAR NOT NULL,
    kind VARCHAR NOT NULL, source VARCHAR NOT NULL, revision VARCHAR NOT NULL,
    license VARCHAR NOT NULL, citation VARCHAR NOT NULL, note VARCHAR NOT NULL,
    n INTEGER NOT NULL, skipped VARCHAR[] NOT NULL, recorded_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (dataset_id, row_order)
);
COMMENT ON TABLE datasets IS 'One row per set of image-caption pairs in one row order.';
COMMENT ON COLUMN datasets.dataset_id IS 'Catalog id.';
COMMENT ON COLUMN datasets.row_order IS 'sha256 of the sample ids in order: scores with different values are not comparable.';
COMMENT ON COLUMN datasets.title IS 'Name used in charts.';
COMMENT ON COLUMN datasets.kind IS 'hub, folder or openmoji.';
COMMENT ON COLUMN datasets.source IS 'Where the pairs come from.';
COMMENT ON COLUMN datasets.revision IS 'Commit, tag or package version.';
COMMENT ON COLUMN datasets.license IS 'License of images and captions.';
COMMENT ON COLUMN datasets.citation IS 'Where it was published.';
COMMENT ON COLUMN datasets.note IS 'What to know before believing a score on it.';
COMMENT ON COLUMN datasets.n IS 'Number of pairs.';
COMMENT ON COLUMN datasets.skipped IS 'Ids of corrupt images left out for every model alike.';
COMMENT ON COLUMN datasets.recorded_at IS 'When the record was last written.';

CREATE TABLE samples (
    dataset_id VARCHAR NOT NULL, row_order VARCHAR NOT NULL, position INTEGER NOT NULL,
    sample_id VARCHAR NOT NULL, caption VARCHAR NOT NULL, image VARCHAR NOT NULL
);
COMMENT ON TABLE samples IS 'The pairs of each dataset, in row order.';
COMMENT ON COLUMN samples.dataset_id IS 'The dataset.';
COMMENT ON COLUMN samples.row_order IS 'The dataset''s row order.';
COMMENT ON COLUMN samples.position IS 'Row of this sample in every feature file, from 0.';
COMMENT ON COLUMN samples.sample_id IS 'Stable id of the pair.';
COMMENT ON COLUMN samples.caption IS 'The text shown to language models.';
COMMENT ON COLUMN samples.image IS 'The image shown to vision models: a path or reference, not the pixels.';

CREATE TABLE feature_sets (
    unit_key VARCHAR NOT NULL, run_id VARCHAR NOT NULL, model_id VARCHAR NOT NULL,
    revision VARCHAR NOT NULL, dataset_id VARCHAR NOT NULL, row_order VARCHAR NOT NULL,
    pooling VARCHAR NOT NULL, prompt VARCHAR NOT NULL, n INTEGER NOT NULL,
    layer_names VARCHAR[] NOT NULL, widths INTEGER[] NOT NULL, dtype VARCHAR NOT NULL,
    bytes BIGINT NOT NULL, file VARCHAR NOT NULL, seconds DOUBLE, items_per_second DOUBLE,
    device VARCHAR, facts JSON NOT NULL, finished_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE feature_sets IS 'One row per feature file: a model''s layers over one dataset. The features themselves stay in files.';
COMMENT ON COLUMN feature_sets.unit_key IS 'Hash of everything that determines the features.';
COMMENT ON COLUMN feature_sets.run_id IS 'The run that made it.';
COMMENT ON COLUMN feature_sets.model_id IS 'The model.';
COMMENT ON COLUMN feature_sets.revision IS 'The commit or version actually loaded.';
COMMENT ON COLUMN feature_sets.dataset_id IS 'The dataset.';
COMMENT ON COLUMN feature_sets.row_order IS 'Its row order.';
COMMENT ON COLUMN feature_sets.pooling IS 'cls, gap (global average), mean (over tokens) or last (token).';
COMMENT ON COLUMN feature_sets.prompt IS 'Name of the prompt wrapped round the caption; none.';
COMMENT ON COLUMN feature_sets.n IS 'Number of samples.';
COMMENT ON COLUMN feature_sets.layer_names IS 'Layers in depth order.';
COMMENT ON COLUMN feature_sets.widths IS 'Dimensions of each layer.';
COMMENT ON COLUMN feature_sets.dtype IS 'Number format in the file.';
COMMENT ON COLUMN feature_sets.bytes IS 'Size of the file.';
COMMENT ON COLUMN feature_sets.file IS 'Path below the data folder.';
COMMENT ON COLUMN feature_sets.seconds IS 'Seconds the extraction took, loading apart.';
COMMENT ON COLUMN feature_sets.items_per_second IS 'Samples per second.';
COMMENT ON COLUMN feature_sets.device IS 'Device it ran on.';
COMMENT ON COLUMN feature_sets.facts IS 'Library versions and other provenance.';
COMMENT ON COLUMN feature_sets.finished_at IS 'When it was stored.';

CREATE TABLE scores (
    unit_key VARCHAR NOT NULL, run_id VARCHAR NOT NULL,
    features_x VARCHAR NOT NULL, features_y VARCHAR NOT NULL,
    model_x VARCHAR NOT NULL, model_y VARCHAR NOT NULL,
    dataset_id VARCHAR NOT NULL, row_order VARCHAR NOT NULL,
    pooling_x VARCHAR NOT NULL, prompt_x VARCHAR NOT NULL,
    pooling_y VARCHAR NOT NULL, prompt_y VARCHAR NOT NULL,
    metric VARCHAR NOT NULL, k INTEGER, n INTEGER NOT NULL,
    truncation VARCHAR NOT NULL, normalized BOOLEAN NOT NULL,
    score DOUBLE NOT NULL, layer_x INTEGER NOT NULL, layer_y INTEGER NOT NULL,
    single_layer_score DOUBLE NOT NULL, single_layer_x INTEGER NOT NULL,
    single_layer_y INTEGER NOT NULL,
    layer_names_x VARCHAR[] NOT NULL, layer_names_y VARCHAR[] NOT NULL,
    layer_table DOUBLE[][] NOT NULL, null_mean DOUBLE,
    score_version INTEGER NOT NULL, finished_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE scores IS 'One row per pair of models, metric and setting. For language against vision, x is the language model.';
COMMENT ON COLUMN scores.unit_key IS 'Hash of everything that determines the score.';
COMMENT ON COLUMN scores.run_id IS 'The run that made it.';
COMMENT ON COLUMN scores.features_x IS 'unit_key of the feature set of x.';
COMMENT ON COLUMN scores.features_y IS 'unit_key of the feature set of y.';
COMMENT ON COLUMN scores.model_x IS 'First model.';
COMMENT ON COLUMN scores.model_y IS 'Second model.';
COMMENT ON COLUMN scores.dataset_id IS 'The pairs both models saw.';
COMMENT ON COLUMN scores.row_order IS 'Row order of those pairs: compare scores only where it is equal.';
COMMENT ON COLUMN scores.pooling_x IS 'How tokens or patches of x became one vector.';
COMMENT ON COLUMN scores.prompt_x IS 'Prompt round the caption for x.';
COMMENT ON COLUMN scores.pooling_y IS 'How tokens or patches of y became one vector.';
COMMENT ON COLUMN scores.prompt_y IS 'Prompt round the caption for y.';
COMMENT ON COLUMN scores.metric IS 'Registered name of the metric.';
COMMENT ON COLUMN scores.k IS 'Neighbors per sample; NULL for metrics without k.';
COMMENT ON COLUMN scores.n IS 'Samples compared. Mutual k-NN falls as n grows: never compare across n.';
COMMENT ON COLUMN scores.truncation IS 'Outlier truncation: exact, mean or none.';
COMMENT ON COLUMN scores.normalized IS 'Whether rows were l2-normalized.';
COMMENT ON COLUMN scores.score IS 'Best over all layer pairs and the concatenated-layers candidate.';
COMMENT ON COLUMN scores.layer_x IS 'Layer of x of that best, from 0; the last index stands for all layers concatenated.';
COMMENT ON COLUMN scores.layer_y IS 'Layer of y of that best, likewise.';
COMMENT ON COLUMN scores.single_layer_score IS 'Best over pairs of single layers only, as in the released code.';
COMMENT ON COLUMN scores.single_layer_x IS 'Layer of x of that best.';
COMMENT ON COLUMN scores.single_layer_y IS 'Layer of y of that best.';
COMMENT ON COLUMN scores.layer_names_x IS 'Names of the rows of layer_table.';
COMMENT ON COLUMN scores.layer_names_y IS 'Names of the columns of layer_table.';
COMMENT ON COLUMN scores.layer_table IS 'Score of every layer of x (outer) against every layer of y; NULL where a layer is constant.';
COMMENT ON COLUMN scores.null_mean IS 'Expected score of one pair of unrelated layers (mutual k-NN: k / (n - 1)).';
COMMENT ON COLUMN scores.score_version IS 'Version of the scoring code; a higher one supersedes a lower one.';
COMMENT ON COLUMN scores.finished_at IS 'When it was stored.';

CREATE TABLE runs (
    run_id VARCHAR PRIMARY KEY, command VARCHAR NOT NULL, versions JSON NOT NULL,
    device VARCHAR NOT NULL, started_at TIMESTAMPTZ NOT NULL, ended_at TIMESTAMPTZ,
    outcome VARCHAR NOT NULL, message VARCHAR NOT NULL, done INTEGER, skipped INTEGER
);
COMMENT ON TABLE runs IS 'Provenance: one row per command that changed the results.';
COMMENT ON COLUMN runs.run_id IS 'Start time and a random tail.';
COMMENT ON COLUMN runs.command IS 'The command as typed.';
COMMENT ON COLUMN runs.versions IS 'Versions of PRH Explorer and the libraries that made the numbers.';
COMMENT ON COLUMN runs.device IS 'Machine and device.';
COMMENT ON COLUMN runs.started_at IS 'When it started.';
COMMENT ON COLUMN runs.ended_at IS 'When it ended; NULL while it runs or if it was killed.';
COMMENT ON COLUMN runs.outcome IS 'done, failed, or unfinished (still running, or killed).';
COMMENT ON COLUMN runs.message IS 'The error of a failed run.';
COMMENT ON COLUMN runs.done IS 'Units of work done by this run.';
COMMENT ON COLUMN runs.skipped IS 'Units found done already.';
