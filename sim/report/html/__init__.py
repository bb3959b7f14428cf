"""Reports: each one HTML file that needs nothing beside it, and reaches for nothing."""
