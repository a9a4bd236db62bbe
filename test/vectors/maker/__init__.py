"""What `generate.py` makes the vectors with."""
