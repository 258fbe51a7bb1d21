"""Results on the hub: a data folder pushed as a dataset repository, and pulled into one."""
