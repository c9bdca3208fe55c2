"""Workflows as pictures: ``model`` makes boxes and arrows of a definition, ``mermaid`` and ``dot`` write them down."""
