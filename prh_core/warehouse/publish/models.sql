-- The newest record of each model; older ones only differ in description.
INSERT INTO models BY NAME
SELECT * FROM incoming ANTI JOIN models USING (model_id)
QUALIFY row_number() OVER (PARTITION BY model_id ORDER BY recorded_at DESC) = 1;
