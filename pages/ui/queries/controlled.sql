-- How close either model of a pair comes to an untrained model of the other side in the same setting,
-- of the rows of `valued` with their score in `value`; none without one, nor for untrained pairs.
controlled AS (
    SELECT
        *,
        CASE
            WHEN NOT (trained_x AND trained_y) THEN NULL
            WHEN higher_is_closer THEN greatest(
                max(value) FILTER (NOT trained_y) OVER of_x,
                max(value) FILTER (NOT trained_x) OVER of_y
            )
            ELSE least(
                min(value) FILTER (NOT trained_y) OVER of_x,
                min(value) FILTER (NOT trained_x) OVER of_y
            )
        END AS control_value,
        -- How much closer the pair is.
        CASE WHEN higher_is_closer THEN value - control_value ELSE control_value - value END AS minus_control
    FROM valued
    WINDOW
        of_x AS (
            PARTITION BY dataset_id, row_order, n, metric, k, sigma, truncation, normalized, pooling, prompt,
            precision, model_x
        ),
        of_y AS (
            PARTITION BY dataset_id, row_order, n, metric, k, sigma, truncation, normalized, pooling, prompt,
            precision, model_y
        )
)
