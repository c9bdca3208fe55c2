"""Logs, metrics and traces: names and set-up."""
