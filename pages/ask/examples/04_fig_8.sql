-- Fig. 8: do colors stand in words as they do in human vision?
SELECT
    coalesce(label, side) AS of_what, trained, reading, rho, interval_low, interval_high, p_value,
    r_squared, things AS colors
FROM color_agreement
WHERE rho IS NOT NULL
ORDER BY rho DESC
