"""Projects from their files: everything that can be known to be wrong before anything runs, said at once.

``projects`` is the way in. It finds the files (``sources``), checks them (``workflows``, with ``ids``, ``task_rules``,
``transitions``, ``templating`` and ``input_schemas``) and builds what runs (``building``). Each check is a pure
function from a document in its shape to problems.
"""

from compozy.engine.loading.projects import LoadedProject, load_project, read_project

__all__ = ["LoadedProject", "load_project", "read_project"]
