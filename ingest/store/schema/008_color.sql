-- Color: words, pictures and human vision laid out side by side (paper, Fig. 8).

CREATE TABLE color_layouts (
    unit_key VARCHAR NOT NULL, run_id VARCHAR NOT NULL, side VARCHAR NOT NULL, model_id VARCHAR,
    revision VARCHAR, reading VARCHAR NOT NULL, pooling VARCHAR, layers VARCHAR[],
    sentences VARCHAR[], colors VARCHAR NOT NULL, "rule" VARCHAR NOT NULL,
    source VARCHAR NOT NULL, license VARCHAR NOT NULL, things INTEGER NOT NULL,
    pictures INTEGER, grid INTEGER, radius INTEGER, counted_pairs INTEGER, minimum_count INTEGER,
    least_share DOUBLE, counted_share DOUBLE, starts INTEGER NOT NULL, seed INTEGER NOT NULL, stress DOUBLE NOT NULL,
    steps INTEGER NOT NULL, scale DOUBLE NOT NULL, reflected BOOLEAN NOT NULL, rmsd DOUBLE NOT NULL,
    r_squared DOUBLE NOT NULL, rho DOUBLE NOT NULL, p_value DOUBLE NOT NULL, interval_low DOUBLE,
    interval_high DOUBLE, interval_level DOUBLE NOT NULL, shuffles INTEGER NOT NULL,
    color_version INTEGER NOT NULL, finished_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (unit_key, reading)
);
COMMENT ON TABLE color_layouts IS 'Layouts of colors in three dimensions by what a language model, or a set of pictures, makes of them, and how far they agree with CIELAB (paper, Fig. 8).';
COMMENT ON COLUMN color_layouts.unit_key IS 'Hash of everything that determines it.';
COMMENT ON COLUMN color_layouts.run_id IS 'The run that computed it.';
COMMENT ON COLUMN color_layouts.side IS 'language: color words; vision: colors of pixels.';
COMMENT ON COLUMN color_layouts.model_id IS 'The language model; NULL for pictures.';
COMMENT ON COLUMN color_layouts.revision IS 'What was loaded of it.';
COMMENT ON COLUMN color_layouts.reading IS 'What distances are between: last four layers side by side, the sentence embedding, or co-occurrence in pictures.';
COMMENT ON COLUMN color_layouts.pooling IS 'Over tokens: mean, first or last.';
COMMENT ON COLUMN color_layouts.layers IS 'Layers read.';
COMMENT ON COLUMN color_layouts.sentences IS 'What the model read of each word; embeddings are averaged.';
COMMENT ON COLUMN color_layouts.colors IS 'Title of the color words, or of the pictures.';
COMMENT ON COLUMN color_layouts."rule" IS 'Which words of the source, or which cells of RGB.';
COMMENT ON COLUMN color_layouts.source IS 'Where they are from.';
COMMENT ON COLUMN color_layouts.license IS 'Their license.';
COMMENT ON COLUMN color_layouts.things IS 'Colors laid out.';
COMMENT ON COLUMN color_layouts.pictures IS 'Pictures counted in.';
COMMENT ON COLUMN color_layouts.grid IS 'Cells of RGB per channel.';
COMMENT ON COLUMN color_layouts.radius IS 'Pixels apart, at most, that count as together.';
COMMENT ON COLUMN color_layouts.counted_pairs IS 'Pairs of pixels drawn.';
COMMENT ON COLUMN color_layouts.minimum_count IS 'Pairs of colors counted less often are as far apart as the farthest counted.';
COMMENT ON COLUMN color_layouts.least_share IS 'Colors with a smaller share of the pixels are left out.';
COMMENT ON COLUMN color_layouts.counted_share IS 'Share of pairs of colors counted so often or more.';
COMMENT ON COLUMN color_layouts.starts IS 'Random starts of metric MDS; the least stress is kept.';
COMMENT ON COLUMN color_layouts.seed IS 'Of sampling, starts and shuffles.';
COMMENT ON COLUMN color_layouts.stress IS 'Normalized stress: 0 is exact.';
COMMENT ON COLUMN color_layouts.steps IS 'Steps the best start took.';
COMMENT ON COLUMN color_layouts.scale IS 'What the layout was multiplied by to meet CIELAB.';
COMMENT ON COLUMN color_layouts.reflected IS 'Whether its mirror image came nearer.';
COMMENT ON COLUMN color_layouts.rmsd IS 'Root mean square distance from CIELAB after Kabsch and Umeyama, in units of CIELAB (delta E 1976).';
COMMENT ON COLUMN color_layouts.r_squared IS 'Share of the variance of CIELAB that the layout meets (Procrustes).';
COMMENT ON COLUMN color_layouts.rho IS 'Spearman correlation of the distances laid out with CIELAB''s, over pairs of colors.';
COMMENT ON COLUMN color_layouts.p_value IS 'Share of shuffles of the colors with as high a correlation (Mantel), one-sided.';
COMMENT ON COLUMN color_layouts.interval_low IS 'Interval of rho, leaving out one color after the other.';
COMMENT ON COLUMN color_layouts.interval_high IS 'Interval of rho.';
COMMENT ON COLUMN color_layouts.interval_level IS 'Its confidence level.';
COMMENT ON COLUMN color_layouts.shuffles IS 'Shuffles counted for the p-value.';
COMMENT ON COLUMN color_layouts.color_version IS 'Version of the code.';
COMMENT ON COLUMN color_layouts.finished_at IS 'When.';

CREATE TABLE color_points (
    unit_key VARCHAR NOT NULL, reading VARCHAR NOT NULL, position INTEGER NOT NULL,
    name VARCHAR NOT NULL, color VARCHAR NOT NULL, lightness DOUBLE NOT NULL, a DOUBLE NOT NULL,
    b DOUBLE NOT NULL, x DOUBLE NOT NULL, y DOUBLE NOT NULL, z DOUBLE NOT NULL,
    residual DOUBLE NOT NULL, share DOUBLE
);
COMMENT ON TABLE color_points IS 'Colors of each layout: where CIELAB has them, and where the layout has them once brought onto it.';
COMMENT ON COLUMN color_points.unit_key IS 'The layout.';
COMMENT ON COLUMN color_points.reading IS 'The layout, if its unit has several.';
COMMENT ON COLUMN color_points.position IS 'Row, from 0.';
COMMENT ON COLUMN color_points.name IS 'The word, or the mean sRGB of the cell.';
COMMENT ON COLUMN color_points.color IS 'What to draw it in, sRGB; cut to what screens show.';
COMMENT ON COLUMN color_points.lightness IS 'CIELAB L*, 0 to 100.';
COMMENT ON COLUMN color_points.a IS 'CIELAB a*.';
COMMENT ON COLUMN color_points.b IS 'CIELAB b*.';
COMMENT ON COLUMN color_points.x IS 'The layout''s L* after rotation, scaling and shift.';
COMMENT ON COLUMN color_points.y IS 'Its a*.';
COMMENT ON COLUMN color_points.z IS 'Its b*.';
COMMENT ON COLUMN color_points.residual IS 'Distance between the two, in units of CIELAB.';
COMMENT ON COLUMN color_points.share IS 'Share of counted pixels; NULL for words.';

CREATE TABLE color_pairs (
    unit_key VARCHAR NOT NULL, reading VARCHAR NOT NULL, first_position INTEGER NOT NULL,
    second_position INTEGER NOT NULL, distance DOUBLE NOT NULL, color_difference DOUBLE NOT NULL
);
COMMENT ON TABLE color_pairs IS 'Pairs of colors of each layout: how far apart before laying out, and in CIELAB.';
COMMENT ON COLUMN color_pairs.unit_key IS 'The layout.';
COMMENT ON COLUMN color_pairs.reading IS 'The layout, if its unit has several.';
COMMENT ON COLUMN color_pairs.first_position IS 'One of color_points.';
COMMENT ON COLUMN color_pairs.second_position IS 'The other.';
COMMENT ON COLUMN color_pairs.distance IS 'Euclidean between embeddings, or the largest PMI less that of the pair, in nats.';
COMMENT ON COLUMN color_pairs.color_difference IS 'Distance in CIELAB (delta E 1976).';

CREATE TABLE color_layers (
    unit_key VARCHAR NOT NULL, layer INTEGER NOT NULL, name VARCHAR NOT NULL, rho DOUBLE,
    p_value DOUBLE, interval_low DOUBLE, interval_high DOUBLE, PRIMARY KEY (unit_key, layer)
);
COMMENT ON TABLE color_layers IS 'At which layer of a language model color emerges: agreement with CIELAB of every hidden state, mean over tokens.';
COMMENT ON COLUMN color_layers.unit_key IS 'The layouts of the same model and words.';
COMMENT ON COLUMN color_layers.layer IS 'Depth, from 0 (the embedding).';
COMMENT ON COLUMN color_layers.name IS 'Its name.';
COMMENT ON COLUMN color_layers.rho IS 'Spearman correlation with CIELAB''s distances; NULL where the layer is constant.';
COMMENT ON COLUMN color_layers.p_value IS 'Share of shuffles of the colors with as high a correlation (Mantel), one-sided.';
COMMENT ON COLUMN color_layers.interval_low IS '95 % interval of rho, leaving out colors.';
COMMENT ON COLUMN color_layers.interval_high IS 'The same.';

CREATE VIEW color_agreement AS
WITH newest AS (
    SELECT * FROM color_layouts
    QUALIFY row_number() OVER (
        PARTITION BY side, model_id, reading, colors, "rule", radius
        ORDER BY color_version DESC, finished_at DESC, unit_key
    ) = 1
)

SELECT
    l.*, coalesce(m.label, l.colors) AS label, m.family, m.objective,
    coalesce(m.trained, true) AS trained
FROM newest AS l
LEFT JOIN models AS m ON m.model_id = l.model_id;
COMMENT ON VIEW color_agreement IS 'The newest layout of every model, or set of pictures, and reading: how far its colors stand as in human vision (paper, Fig. 8).';
