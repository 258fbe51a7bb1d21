-- Rows of the warehouse being replaced whose parts are not here (a warehouse someone sent).
INSERT INTO batch_scores BY NAME
SELECT * FROM previous.batch_scores ANTI JOIN batch_scores USING (unit_key);
