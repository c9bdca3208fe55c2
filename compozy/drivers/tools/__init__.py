"""Tools: the project's own functions, run in this process or in others."""
