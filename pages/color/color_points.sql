-- Colors where CIELAB has them, and where up to three layouts have them once brought onto it.
-- $first_unit, $first_reading and so on: the layouts; null for none. CIELAB is shown with the
-- colors of the first of $third, $second and $first that is there.
WITH asked AS (
    SELECT unnest([
        {'place': 1, 'unit_key': $first_unit::VARCHAR, 'reading': $first_reading::VARCHAR},
        {'place': 2, 'unit_key': $second_unit::VARCHAR, 'reading': $second_reading::VARCHAR},
        {'place': 3, 'unit_key': $third_unit::VARCHAR, 'reading': $third_reading::VARCHAR}
    ], recursive := true)
),

laid AS (
    SELECT a.place, l.label, p.*
    FROM asked AS a
    JOIN color_agreement AS l ON l.unit_key = a.unit_key AND l.reading = a.reading
    JOIN color_points AS p ON p.unit_key = a.unit_key AND p.reading = a.reading
),

-- The less a layout agrees, the smaller the scale that brings it nearest: all its colors would be
-- drawn in one heap. So each is stretched to the spread of its colors in CIELAB.
spread AS (
    SELECT
        *,
        sqrt(
            (var_pop(lightness) OVER own + var_pop(a) OVER own + var_pop(b) OVER own)
            / (var_pop(x) OVER own + var_pop(y) OVER own + var_pop(z) OVER own)
        ) AS stretched
    FROM laid
    WINDOW own AS (PARTITION BY place)
)

SELECT
    0 AS place,
    'CIELAB' AS shown,
    'human vision' AS reading,
    name,
    color,
    lightness,
    a,
    b,
    0.0 AS residual,
    1.0 AS stretched,
    position
FROM laid
WHERE place = (SELECT max(place) FROM laid)
UNION ALL
SELECT
    place,
    label AS shown,
    reading,
    name,
    color,
    avg(x) OVER own + stretched * (x - avg(x) OVER own) AS lightness,
    avg(y) OVER own + stretched * (y - avg(y) OVER own) AS a,
    avg(z) OVER own + stretched * (z - avg(z) OVER own) AS b,
    residual,
    stretched,
    position
FROM spread
WINDOW own AS (PARTITION BY place)
ORDER BY place, position
