"""Losses, recipes and the loop."""
