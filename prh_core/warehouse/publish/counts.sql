-- How much a warehouse holds.
SELECT (SELECT count(*) FROM scores), (SELECT count(*) FROM feature_sets);
