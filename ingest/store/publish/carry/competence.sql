-- Rows of the warehouse being replaced whose parts are not here (a warehouse someone sent).
INSERT INTO competence BY NAME
SELECT * FROM previous.competence ANTI JOIN competence USING (unit_key);
