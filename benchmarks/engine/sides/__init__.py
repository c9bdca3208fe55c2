"""The sides: Compozy, the plain Temporal SDK, and peers. A module each, with its ``JOBS``.

A job starts what it measures, measures once, ends it, and returns its samples by name: seconds, unless the name says
otherwise. What it measures must come to the right result every time, or the side is out.
"""
