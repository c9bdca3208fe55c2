"""Sphinx configuration."""

from importlib.metadata import version as installed_version

project = "Compozy"
author = "The Compozy for Python maintainers"
version = release = installed_version("compozy")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"Compozy {release}"
autodoc_member_order = "bysource"
autodoc_typehints = "description"
nitpicky = False
