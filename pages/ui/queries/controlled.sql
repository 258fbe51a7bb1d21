-- How close either model of a pair comes to an untrained model of the other side in the same setting,
-- of the rows of `valued` with their score in `value`; none without one, nor for untrained pairs.
controlled AS (
    SELECT
        *,
        CASE
            WHEN NOT (language_trained AND vision_trained) THEN NULL
            WHEN higher_is_closer THEN greatest(
                max(value) FILTER (NOT vision_trained) OVER of_language,
                max(value) FILTER (NOT language_trained) OVER of_vision
            )
            ELSE least(
                min(value) FILTER (NOT vision_trained) OVER of_language,
                min(value) FILTER (NOT language_trained) OVER of_vision
            )
        END AS control_value,
        -- How much closer the pair is.
        CASE WHEN higher_is_closer THEN value - control_value ELSE control_value - value END AS minus_control
    FROM valued
    WINDOW
        of_language AS (
            PARTITION BY dataset_id, row_order, n, metric, k, sigma, truncation, normalized, pooling, prompt,
            precision, language_model
        ),
        of_vision AS (
            PARTITION BY dataset_id, row_order, n, metric, k, sigma, truncation, normalized, pooling, prompt,
            precision, vision_model
        )
)
