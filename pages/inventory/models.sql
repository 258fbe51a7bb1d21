-- The models that have features or scores here.
SELECT
    label AS model,
    modality,
    family,
    objective,
    training_data,
    parameters,
    CASE WHEN trained THEN 'trained' ELSE 'random weights' END AS weights,
    source,
    revision,
    license,
    citation
FROM models
ORDER BY modality, NOT trained, family, parameters, label
