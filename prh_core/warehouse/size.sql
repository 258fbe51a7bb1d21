-- Bytes the attached file must have: three header blocks and every data block.
SELECT 3 * 4096 + total_blocks * block_size FROM pragma_database_size()
WHERE database_name = 'warehouse';
