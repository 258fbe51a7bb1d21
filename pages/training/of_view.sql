-- Those of one training where $training is not null, and of one reference where $reference is not null.
        -- include in_probed_setting.sql
        AND ($training IS NULL OR c.training = $training)
        AND ($reference IS NULL OR c.reference = $reference)
