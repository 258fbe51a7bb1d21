-- Each content once, of pictures that some sample has.
INSERT INTO thumbnails BY NAME
SELECT * FROM incoming ANTI JOIN thumbnails USING (content_hash)
SEMI JOIN sample_thumbnails USING (content_hash)
QUALIFY row_number() OVER (PARTITION BY content_hash) = 1
ORDER BY content_hash;
