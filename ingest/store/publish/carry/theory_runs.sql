-- Rows of the warehouse being replaced whose parts are not here (a warehouse someone sent).
INSERT INTO theory_runs BY NAME
SELECT * FROM previous.theory_runs ANTI JOIN theory_runs USING (unit_key);
