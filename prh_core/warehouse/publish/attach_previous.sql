-- The file that is being replaced, to carry its rows over.
ATTACH $path AS previous (READ_ONLY);
