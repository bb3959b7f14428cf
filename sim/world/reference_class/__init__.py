"""Attacks on cities in past wars: the rows, their base rates, and what is fitted to them."""
