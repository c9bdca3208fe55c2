"""asyncio kept in a bottle: nothing outside this room imports it."""
