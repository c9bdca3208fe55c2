"""Projects from their files: everything that can be known to be wrong before anything runs, said at once.

``projects`` is the way in. It finds the files (``sources`` and ``autoload``, by ``patterns``) and what they declare for
others to name (``declarations``, ``resources``), checks them (``workflow_files`` those of workflows, of which
``workflows`` names every check; ``resource_rules`` what is declared) and builds what runs (``building``, ``asking``,
``runtimes``). Each check is a pure function from a document in its shape to problems. Of a document that has not its
shape, what is left is checked all the same; ``gaps`` tells what may not be said then. ``places``, ``sights`` and
``task_paths`` know what a template sees. ``advice`` finds what is no problem and most likely a mistake, with
``endings``, ``foresight`` and ``roots``.
"""

from compozy.engine.loading.projects import LoadedProject, load_project, read_project

__all__ = ["LoadedProject", "load_project", "read_project"]
