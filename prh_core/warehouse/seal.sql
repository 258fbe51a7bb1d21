-- A reader's statement touches no file but the warehouse that is attached, and no setting.
SET enable_external_access = false;
SET lock_configuration = true;
