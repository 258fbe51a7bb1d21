-- Version 15. Color: words, pictures and human vision side by side (paper, Fig. 8).

-- Layouts of colors in three dimensions by what a language model, or a set of pictures, makes
-- of them, and how far they agree with CIELAB (paper, Fig. 8).
CREATE TABLE color_layouts (
    unit_key VARCHAR NOT NULL, -- Hash of everything that determines it.
    run_id VARCHAR NOT NULL, -- The run that computed it.
    side VARCHAR NOT NULL, -- language: color words; vision: colors of pixels.
    model_id VARCHAR, -- The language model; NULL for pictures.
    revision VARCHAR, -- What was loaded of it.
    reading VARCHAR NOT NULL, -- What distances are between: last four layers side by side, the sentence embedding, or co-occurrence in pictures.
    pooling VARCHAR, -- Over tokens: mean, first or last.
    layers VARCHAR[], -- Layers read.
    sentences VARCHAR[], -- What the model read of each word; embeddings are averaged.
    colors VARCHAR NOT NULL, -- Title of the color words, or of the pictures.
    "rule" VARCHAR NOT NULL, -- Which words of the source, or which cells of RGB.
    source VARCHAR NOT NULL, -- Where they are from.
    license VARCHAR NOT NULL, -- Their license.
    things INTEGER NOT NULL, -- Colors laid out.
    pictures INTEGER, -- Pictures counted in.
    grid INTEGER, -- Cells of RGB per channel.
    radius INTEGER, -- Pixels apart, at most, that count as together.
    counted_pairs INTEGER, -- Pairs of pixels drawn.
    minimum_count INTEGER, -- Pairs of colors counted less often are as far apart as the farthest counted.
    least_share DOUBLE, -- Colors with a smaller share of the pixels are left out.
    counted_share DOUBLE, -- Share of pairs of colors counted so often or more.
    starts INTEGER NOT NULL, -- Random starts of metric MDS; the least stress is kept.
    seed INTEGER NOT NULL, -- Of sampling, starts and shuffles.
    stress DOUBLE NOT NULL, -- Normalized stress: 0 is exact.
    steps INTEGER NOT NULL, -- Steps the best start took.
    scale DOUBLE NOT NULL, -- What the layout was multiplied by to meet CIELAB.
    reflected BOOLEAN NOT NULL, -- Whether its mirror image came nearer.
    rmsd DOUBLE NOT NULL, -- Root mean square distance from CIELAB after Kabsch and Umeyama, in units of CIELAB (delta E 1976).
    r_squared DOUBLE NOT NULL, -- Share of the variance of CIELAB that the layout meets (Procrustes).
    rho DOUBLE NOT NULL, -- Spearman correlation of the distances laid out with CIELAB's, over pairs of colors.
    p_value DOUBLE NOT NULL, -- Share of shuffles of the colors with as high a correlation (Mantel), one-sided.
    interval_low DOUBLE, -- Interval of rho, leaving out one color after the other.
    interval_high DOUBLE, -- Interval of rho.
    interval_level DOUBLE NOT NULL, -- Its confidence level.
    shuffles INTEGER NOT NULL, -- Shuffles counted for the p-value.
    color_version INTEGER NOT NULL, -- Version of the code.
    finished_at TIMESTAMPTZ NOT NULL, -- When.
    PRIMARY KEY (unit_key, reading)
);

-- Colors of each layout: where CIELAB has them, and where the layout has them once brought onto
-- it.
CREATE TABLE color_points (
    unit_key VARCHAR NOT NULL, -- The layout.
    reading VARCHAR NOT NULL, -- The layout, if its unit has several.
    position INTEGER NOT NULL, -- Row, from 0.
    name VARCHAR NOT NULL, -- The word, or the mean sRGB of the cell.
    color VARCHAR NOT NULL, -- What to draw it in, sRGB; cut to what screens show.
    lightness DOUBLE NOT NULL, -- CIELAB L*, 0 to 100.
    a DOUBLE NOT NULL, -- CIELAB a*.
    b DOUBLE NOT NULL, -- CIELAB b*.
    x DOUBLE NOT NULL, -- The layout's L* after rotation, scaling and shift.
    y DOUBLE NOT NULL, -- Its a*.
    z DOUBLE NOT NULL, -- Its b*.
    residual DOUBLE NOT NULL, -- Distance between the two, in units of CIELAB.
    share DOUBLE -- Share of counted pixels; NULL for words.
);

-- Pairs of colors of each layout: how far apart before laying out, and in CIELAB.
CREATE TABLE color_pairs (
    unit_key VARCHAR NOT NULL, -- The layout.
    reading VARCHAR NOT NULL, -- The layout, if its unit has several.
    first_position INTEGER NOT NULL, -- One of color_points.
    second_position INTEGER NOT NULL, -- The other.
    distance DOUBLE NOT NULL, -- Euclidean between embeddings, or the largest PMI less that of the pair, in nats.
    color_difference DOUBLE NOT NULL -- Distance in CIELAB (delta E 1976).
);

-- At which layer of a language model color emerges: agreement with CIELAB of every hidden
-- state, mean over tokens.
CREATE TABLE color_layers (
    unit_key VARCHAR NOT NULL, -- The layouts of the same model and words.
    layer INTEGER NOT NULL, -- Depth, from 0 (the embedding).
    name VARCHAR NOT NULL, -- Its name.
    rho DOUBLE, -- Spearman correlation with CIELAB's distances; NULL where the layer is constant.
    p_value DOUBLE, -- Share of shuffles of the colors with as high a correlation (Mantel), one-sided.
    interval_low DOUBLE, -- 95 % interval of rho, leaving out colors.
    interval_high DOUBLE, -- The same.
    PRIMARY KEY (unit_key, layer)
);

-- The newest layout of every model, or set of pictures, and reading: how far its colors stand
-- as in human vision (paper, Fig. 8).
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
