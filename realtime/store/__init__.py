"""All SQL of the product: the log, its one writer, and the rows of each subject."""
