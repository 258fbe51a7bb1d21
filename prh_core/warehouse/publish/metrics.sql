-- The metrics registered here, then those of a warehouse that someone sent.
INSERT INTO metrics BY NAME
SELECT * FROM incoming ANTI JOIN metrics USING (name);
