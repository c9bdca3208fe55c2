"""The template language of the YAML files; pure."""
