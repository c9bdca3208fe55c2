"""Temporal: the dev server as a child process, the connection, and the orchestrator on it."""
