-- Rows of the warehouse being replaced whose parts are not here (a warehouse someone sent).
INSERT INTO color_points BY NAME
SELECT * FROM previous.color_points ANTI JOIN color_points USING (unit_key, reading, position);
