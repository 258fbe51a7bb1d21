-- Rows of the warehouse being replaced whose parts are not here (a warehouse someone sent).
INSERT INTO caption_summaries BY NAME
SELECT * FROM previous.caption_summaries ANTI JOIN caption_summaries USING (unit_key);
