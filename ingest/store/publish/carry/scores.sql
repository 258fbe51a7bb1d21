-- Rows of the warehouse being replaced whose parts are not here (a warehouse someone sent).
INSERT INTO scores BY NAME
SELECT * FROM previous.scores ANTI JOIN scores USING (unit_key);
