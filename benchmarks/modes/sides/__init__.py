"""The sides: Compozy in both modes, the plain Temporal SDK, and a bare HTTP server. A module each, with its ``JOBS``.

A job starts the programs that it measures, whichever side it is of, measures once, ends them, and returns its samples
by name: seconds, unless the name says otherwise. The servers below them are those of the whole run.
"""
