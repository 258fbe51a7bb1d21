"""From features to scores: runs, feature sets, scores, ceilings, maps, a study."""
