"""What Compozy does, on contracts only."""
