"""The HTTP edge: routes, wire shapes, errors to statuses."""
