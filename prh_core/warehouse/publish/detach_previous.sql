-- Its rows were carried over.
DETACH previous;
