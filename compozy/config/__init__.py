"""Settings and project files: YAML with its places, shapes, precedence and provenance.

From bottom to top:

- ``documents``: plain data that knows its lines; ``yaml_scalars``, ``yaml_building``, ``yaml_files``: YAML to it
- ``dotenv``: the variables of a ``.env`` file
- ``fields``, ``sections``, ``project_file``, ``workflow_file``: the shapes; ``not_yet``: what this version does not run
- ``validation``: what does not have the shape, as problems
- ``table``: every setting with its names and default; ``settings``: the frozen result
- ``resolution``: default < YAML < environment < flag; ``reading``: all of it for one project
"""
