"""Messages to actors: the `inbox` of each, its `receiver` for one generation, and the `letters` in it."""
