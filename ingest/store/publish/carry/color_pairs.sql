-- Rows of the warehouse being replaced whose parts are not here (a warehouse someone sent).
INSERT INTO color_pairs BY NAME
SELECT * FROM previous.color_pairs ANTI JOIN color_pairs USING (unit_key, reading, first_position, second_position);
