"""Scenario forecasting: probabilities, dates and drivers from explicit causal scenarios."""
