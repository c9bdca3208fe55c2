"""Shape of who made a project or a workflow."""

from compozy.config.fields import Shape


class AuthorSection(Shape):
    """Who to ask."""

    name: str | None = None
    email: str | None = None
    organization: str | None = None
    url: str | None = None
