"""The rules of tasks, as pure functions: what their YAML means, and what follows from how they ended.

Temporal replays the code that calls these, so they know no clock, no chance and no world: the same arguments give the
same answer, in every process.
"""
