"""Speed, measured against peers and against size: ``make bench``."""
