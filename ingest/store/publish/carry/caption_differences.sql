-- Rows of the warehouse being replaced whose parts are not here (a warehouse someone sent).
INSERT INTO caption_differences BY NAME
SELECT * FROM previous.caption_differences ANTI JOIN caption_differences USING (unit_key);
