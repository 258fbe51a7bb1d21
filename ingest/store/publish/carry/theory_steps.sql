-- Rows of the warehouse being replaced whose parts are not here (a warehouse someone sent).
INSERT INTO theory_steps BY NAME
SELECT * FROM previous.theory_steps ANTI JOIN theory_steps USING (unit_key, step, side);
