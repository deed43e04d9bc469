"""The papers, one file each, and the cards of their weights."""
