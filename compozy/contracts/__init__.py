"""What the engine needs from outside, and what it may assume of it; one file per noun."""
