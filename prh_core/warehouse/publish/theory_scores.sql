-- What a killed run left without its simulation is no result; one made twice is kept once.
INSERT INTO theory_scores BY NAME
SELECT * FROM incoming ANTI JOIN theory_scores USING (unit_key, step, metric)
SEMI JOIN theory_runs USING (unit_key)
QUALIFY row_number() OVER (PARTITION BY unit_key, step, metric) = 1
ORDER BY unit_key, step, metric;
