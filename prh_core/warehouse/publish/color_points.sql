-- What a killed run left without its layout is no result; one made twice is kept once.
INSERT INTO color_points BY NAME
SELECT * FROM incoming ANTI JOIN color_points USING (unit_key, reading, position)
SEMI JOIN color_layouts USING (unit_key, reading)
QUALIFY row_number() OVER (PARTITION BY unit_key, reading, position) = 1
ORDER BY unit_key, reading, position;
