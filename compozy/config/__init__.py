"""Settings: sources, precedence, provenance and validation."""
