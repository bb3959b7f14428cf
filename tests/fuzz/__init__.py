"""Torn and random input for everything that reads what others wrote: see ``targets``."""
