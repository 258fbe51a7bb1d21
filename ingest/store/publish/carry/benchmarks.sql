-- Rows of the warehouse being replaced whose parts are not here (a warehouse someone sent).
INSERT INTO benchmarks BY NAME
SELECT * FROM previous.benchmarks ANTI JOIN benchmarks USING (unit_key);
