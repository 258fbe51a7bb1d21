-- Rows of the warehouse being replaced whose parts are not here (a warehouse someone sent).
INSERT INTO maps BY NAME
SELECT * FROM previous.maps ANTI JOIN maps USING (unit_key, model_id);
