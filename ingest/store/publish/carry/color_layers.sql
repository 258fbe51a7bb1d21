-- Rows of the warehouse being replaced whose parts are not here (a warehouse someone sent).
INSERT INTO color_layers BY NAME
SELECT * FROM previous.color_layers ANTI JOIN color_layers USING (unit_key, layer);
