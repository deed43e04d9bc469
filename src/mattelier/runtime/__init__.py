"""From a picture to a cut-out."""
