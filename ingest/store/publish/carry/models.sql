-- Rows of the warehouse being replaced whose parts are not here (a warehouse someone sent).
INSERT INTO models BY NAME
SELECT * FROM previous.models ANTI JOIN models USING (model_id);
