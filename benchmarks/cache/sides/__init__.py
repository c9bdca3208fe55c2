"""The sides: both drivers of the cache, dictionaries, and clients of Redis. A module each, with its jobs in ``JOBS``.

Every side opens something in its own way (`sides.client`), and is measured in the same way (`sides.measures`). A job
measures once and returns its samples by name: seconds, unless the name says otherwise. Each run of a job has an
interpreter of its own.
"""
