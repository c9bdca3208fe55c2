"""What the comparison is made of: the experiments, the rounds they are run in, and the table that comes of them."""
