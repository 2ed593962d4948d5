"""Evidence as a file: the record of a decision printed as a PDF, from the record alone."""
