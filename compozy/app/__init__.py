"""Composition root: settings to drivers to a tree of actors."""
