"""Carries out on Trio what the core decides: the `executor` runs incarnations of actors.

What people hold of it: `live` from outside, `context` from inside, and `refs`, `view` and `pools` from both.
"""
