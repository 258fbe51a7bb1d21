-- Rows of the warehouse being replaced whose parts are not here (a warehouse someone sent).
INSERT INTO feature_sets BY NAME
SELECT * FROM previous.feature_sets ANTI JOIN feature_sets USING (unit_key);
