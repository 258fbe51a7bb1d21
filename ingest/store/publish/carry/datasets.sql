-- Rows of the warehouse being replaced whose parts are not here (a warehouse someone sent).
INSERT INTO datasets BY NAME
SELECT * FROM previous.datasets ANTI JOIN datasets USING (dataset_id, row_order);
