-- Curves made twice (two machines at once) are kept once.
INSERT INTO color_layers BY NAME
SELECT * FROM incoming ANTI JOIN color_layers USING (unit_key, layer)
QUALIFY row_number() OVER (PARTITION BY unit_key, layer) = 1
ORDER BY unit_key, layer;
