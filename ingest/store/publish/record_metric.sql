-- A registered metric: the registry is the source, so that old scores get their metrics, too.
INSERT INTO metrics BY NAME
SELECT
    $name AS name, $label AS label, $family AS family, $is_symmetric AS is_symmetric,
    $uses_all_samples AS uses_all_samples, $global_at_full_k AS global_at_full_k,
    $ordinal AS ordinal, $batchable AS batchable,
    $uses_k AS uses_k, $lowest AS lowest, $highest AS highest,
    $higher_is_closer AS higher_is_closer, $direction AS direction, $equation AS equation,
    $citation AS citation;
