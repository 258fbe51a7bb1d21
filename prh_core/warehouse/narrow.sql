-- What a stranger's statement may not use: temporary files, extensions, secrets that are kept.
SET temp_directory = '';
SET allow_community_extensions = false;
SET autoinstall_known_extensions = false;
SET autoload_known_extensions = false;
SET allow_persistent_secrets = false;
