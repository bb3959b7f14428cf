"""Coasts and borders: the data, the function that gives them, and how they were made."""
