-- What a killed run left without its simulation is no result; one made twice is kept once.
INSERT INTO theory_steps BY NAME
SELECT * FROM incoming ANTI JOIN theory_steps USING (unit_key, step, side)
SEMI JOIN theory_runs USING (unit_key)
QUALIFY row_number() OVER (PARTITION BY unit_key, step, side) = 1
ORDER BY unit_key, step, side;
