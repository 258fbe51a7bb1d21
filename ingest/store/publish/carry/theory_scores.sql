-- Rows of the warehouse being replaced whose parts are not here (a warehouse someone sent).
INSERT INTO theory_scores BY NAME
SELECT * FROM previous.theory_scores ANTI JOIN theory_scores USING (unit_key, step, metric);
