-- Likewise of a warehouse from before split-half agreement was called by its name.
INSERT INTO self_agreement BY NAME
SELECT * FROM previous.noise_ceilings ANTI JOIN self_agreement USING (unit_key);
