"""One noun a file: what clients can do."""
