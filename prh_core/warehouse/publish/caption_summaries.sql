-- A summary written twice is kept once: the first.
INSERT INTO caption_summaries BY NAME
SELECT * FROM incoming ANTI JOIN caption_summaries USING (unit_key)
QUALIFY row_number() OVER (PARTITION BY unit_key ORDER BY finished_at, run_id) = 1
ORDER BY model_id, words_asked, unit_key;
