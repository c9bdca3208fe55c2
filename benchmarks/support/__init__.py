"""What the benchmark is made of: the two sides, the measures, and the figures that come of them."""
