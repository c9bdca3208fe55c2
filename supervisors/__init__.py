"""Supervised actors on Trio: dependencies, readiness, restarts and ordered shutdown."""
