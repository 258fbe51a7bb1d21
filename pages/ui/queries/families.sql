-- The families of trained models, each with its place in the palette: a family keeps its color on
-- every page, whichever models a page shows.
SELECT family, row_number() OVER (ORDER BY family) - 1 AS place
FROM models
WHERE trained
GROUP BY family
ORDER BY place
