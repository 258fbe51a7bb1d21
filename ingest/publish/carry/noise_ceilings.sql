-- Rows of the warehouse being replaced whose parts are not here (a warehouse someone sent).
INSERT INTO noise_ceilings BY NAME
SELECT * FROM previous.noise_ceilings ANTI JOIN noise_ceilings USING (unit_key);
