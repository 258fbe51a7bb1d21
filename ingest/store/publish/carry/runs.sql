-- Rows of the warehouse being replaced whose parts are not here (a warehouse someone sent).
INSERT INTO runs BY NAME
SELECT * FROM previous.runs ANTI JOIN runs USING (run_id);
