"""Projects from their files: everything that can be known to be wrong before anything runs, said at once.

``projects`` is the way in. It finds the files (``sources`` and ``autoload``, by ``patterns``) and what they declare for
others to name (``declarations``, ``resources``), checks them (``workflows`` names every check of a workflow,
``resource_rules`` those of what is declared) and builds what runs (``building``, ``asking``, ``runtimes``). Each check
is a pure function from a document in its shape to problems.
"""

from compozy.engine.loading.projects import LoadedProject, load_project, read_project

__all__ = ["LoadedProject", "load_project", "read_project"]
