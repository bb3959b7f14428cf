"""One file for each kind of process."""
