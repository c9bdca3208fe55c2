"""What comparisons are made of: the sides' jobs, the rounds they are run in, the figures and the table.

A comparison is a folder with a program (`compare.py`), its experiments, and a package ``sides``: a module for each
side, with its jobs by name in ``JOBS``.
"""
