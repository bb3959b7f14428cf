"""The four-city chain, an exactly solved model, written for each peer; see ``README.md``."""
