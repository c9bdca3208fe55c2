"""The sides: the store, the bare databases, and peers. A module each, with its jobs by name in ``JOBS``.

Every side opens a database in its own way (`sides.client`), and is measured in the same way (`sides.measures`). A job
measures once and returns its samples by name: seconds, unless the name says otherwise. Each run of a job has an
interpreter of its own.
"""
