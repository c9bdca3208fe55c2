"""The sides: the supervision library, bare Trio, and peers. A module each, with its jobs by name in ``JOBS``.

A job measures once and returns its samples by name: seconds, unless the name says otherwise. Each run of a job has an
interpreter of its own (`side.py`), so that no side finds the heap, the threads or the signal handlers of another.
"""
