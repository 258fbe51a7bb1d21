-- A layout made twice (two machines at once) is kept once: the first.
INSERT INTO color_layouts BY NAME
SELECT * FROM incoming ANTI JOIN color_layouts USING (unit_key, reading)
QUALIFY row_number() OVER (PARTITION BY unit_key, reading ORDER BY finished_at, run_id) = 1
ORDER BY unit_key, reading;
