-- Rows of the warehouse being replaced whose parts are not here (a warehouse someone sent).
INSERT INTO bits BY NAME
SELECT * FROM previous.bits ANTI JOIN bits USING (unit_key, chunk);
