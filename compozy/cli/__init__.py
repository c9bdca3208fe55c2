"""The commands: parse, call, print.

The file named after a command holds its options and its help and imports nothing but click, so that ``compozy --help``
answers at once; what the command does sits in a package or module beside it, imported when the command runs.
"""
