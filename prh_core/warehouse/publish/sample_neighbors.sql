-- What a killed run left without its layer is no result; one made twice is kept once. In the order
-- that a page asks: of one layer, which then lies together.
INSERT INTO sample_neighbors BY NAME
SELECT * FROM incoming ANTI JOIN sample_neighbors USING (unit_key)
SEMI JOIN neighbor_layers USING (unit_key)
QUALIFY row_number() OVER (PARTITION BY unit_key, position) = 1
ORDER BY unit_key, position;
