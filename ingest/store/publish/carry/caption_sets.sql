-- Rows of the warehouse being replaced whose parts are not here (a warehouse someone sent).
INSERT INTO caption_sets BY NAME
SELECT * FROM previous.caption_sets ANTI JOIN caption_sets USING (unit_key);
