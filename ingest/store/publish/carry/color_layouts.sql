-- Rows of the warehouse being replaced whose parts are not here (a warehouse someone sent).
INSERT INTO color_layouts BY NAME
SELECT * FROM previous.color_layouts ANTI JOIN color_layouts USING (unit_key, reading);
