-- Rows of the warehouse being replaced whose parts are not here (a warehouse someone sent).
INSERT INTO samples BY NAME
SELECT * FROM previous.samples ANTI JOIN samples USING (dataset_id, row_order, position);
