-- Models that the first model of a pair was not scored with, and through which third model both can
-- be held together: its layers with the third one's, and those with the other's.
WITH
-- include third_models.sql
,

-- Of several feature sets of one model the one that most third models were scored with.
widest AS (
    SELECT model_c, features_c
    FROM triples
    GROUP BY model_c, features_c
    QUALIFY row_number() OVER (
        PARTITION BY model_c ORDER BY count(*) DESC, features_c
    ) = 1
)

SELECT
    t.model_c,
    c.label AS label_c,
    c.modality AS modality_c,
    b.label AS label_b,
    b.modality IN (a.modality, c.modality) AS kin,
    t.layers_b,
    CASE
        WHEN t.turned_ab
            THEN list_transform(
                range(1, len(t.table_ab[1]) + 1), lambda i: list_transform(t.table_ab, lambda r: r[i])
            )
        ELSE t.table_ab
    END AS table_ab,
    CASE
        WHEN t.turned_bc
            THEN list_transform(
                range(1, len(t.table_bc[1]) + 1), lambda i: list_transform(t.table_bc, lambda r: r[i])
            )
        ELSE t.table_bc
    END AS table_bc
FROM triples AS t
JOIN widest AS w USING (model_c, features_c)
JOIN models AS b ON b.model_id = t.model_b
JOIN models AS a ON a.model_id = (SELECT model_a FROM chosen)
JOIN models AS c ON c.model_id = t.model_c
ORDER BY label_c, t.model_c, label_b, t.model_b
