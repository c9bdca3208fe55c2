"""What ``compozy doctor`` looks at.

``findings`` (one result, and how all are printed), ``machine`` (what the computer offers), ``state_folder``
(``.compozy/``), ``backends`` (the database, the cache and Redis), ``projects`` (the YAML and the tools),
``configuration`` (what misleads people), ``entrypoint`` (the import of the tools, in a process of its own),
``examination`` (all of it, in order).
"""
