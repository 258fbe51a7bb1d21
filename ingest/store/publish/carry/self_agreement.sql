-- Rows of the warehouse being replaced whose parts are not here (a warehouse someone sent).
INSERT INTO self_agreement BY NAME
SELECT * FROM previous.self_agreement ANTI JOIN self_agreement USING (unit_key);
