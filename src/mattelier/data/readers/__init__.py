"""Published sets in the layouts they are published in, one small reader each; registry.py tells them apart."""
