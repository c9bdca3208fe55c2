"""What benchmarks share, and what `first_light.py` is made of: the two sides, the measures, and the figures."""
