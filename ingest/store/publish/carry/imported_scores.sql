-- Rows of the warehouse being replaced whose parts are not here (a warehouse someone sent).
INSERT INTO imported_scores BY NAME
SELECT * FROM previous.imported_scores ANTI JOIN imported_scores USING (unit_key);
