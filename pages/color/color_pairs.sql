-- Pairs of colors: how far apart in up to three layouts before they are laid out, and in CIELAB.
-- $first_unit, $first_reading and so on: the layouts; null for none.
WITH asked AS (
    SELECT unnest([
        {'place': 1, 'unit_key': $first_unit::VARCHAR, 'reading': $first_reading::VARCHAR},
        {'place': 2, 'unit_key': $second_unit::VARCHAR, 'reading': $second_reading::VARCHAR},
        {'place': 3, 'unit_key': $third_unit::VARCHAR, 'reading': $third_reading::VARCHAR}
    ], recursive := true)
)

SELECT
    a.place,
    l.label AS shown,
    l.reading,
    one.name AS first,
    other.name AS second,
    one.color AS first_color,
    p.color_difference,
    p.distance,
    p.distance / max(p.distance) OVER (PARTITION BY a.place) AS share_of_largest
FROM asked AS a
JOIN color_agreement AS l ON l.unit_key = a.unit_key AND l.reading = a.reading
JOIN color_pairs AS p ON p.unit_key = a.unit_key AND p.reading = a.reading
JOIN color_points AS one
    ON one.unit_key = p.unit_key AND one.reading = p.reading AND one.position = p.first_position
JOIN color_points AS other
    ON other.unit_key = p.unit_key
    AND other.reading = p.reading
    AND other.position = p.second_position
ORDER BY a.place, p.first_position, p.second_position
