"""Settings and project files: YAML with its places, shapes, precedence and provenance.

From bottom to top:

- ``documents``: plain data that knows its lines; ``yaml_scalars``, ``yaml_building``, ``yaml_files``: YAML to it
- ``dotenv``: the variables of a ``.env`` file
- ``spellings``: how values are written, as patterns; ``fields``, ``sections``, ``project_file``, ``task_types``,
  ``workflow_file``: the shapes; ``not_yet``: what this version does not run; ``task_keys``: what else people write
- ``validation``: what does not have the shape, as problems; ``salvaging``: the rest, which has it
- ``table``: every setting with its names and default; ``settings``: the frozen result; ``strangers``: variables that
  look like settings
- ``origins``, ``precedence``: default < YAML < environment < flag; ``agreement``: what settings must not say together
- ``resolution``: the settings of all that; ``reading``: all of it for one project
- ``json_schemas``: the shapes and the table for editors; ``kinds``, ``explaining``: both for people
"""
