"""Published feature extractors, unchanged."""
