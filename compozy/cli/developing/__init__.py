"""What ``compozy dev`` does: a server in a child process, started again whenever the project changes.

``changes`` (which files count, and how they are named), ``server`` (the actor that runs the child), ``session`` (the
tree with that actor, and the loop that watches the folder).
"""
