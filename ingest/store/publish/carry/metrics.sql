-- Metrics of the warehouse being replaced that are not registered here (a warehouse someone sent).
INSERT INTO metrics BY NAME
SELECT * FROM previous.metrics ANTI JOIN metrics USING (name);
