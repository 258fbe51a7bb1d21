-- Rows of the warehouse being replaced whose parts are not here (a warehouse someone sent).
INSERT INTO imported_bits BY NAME
SELECT * FROM previous.imported_bits ANTI JOIN imported_bits USING (unit_key);
