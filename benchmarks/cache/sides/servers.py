"""The server that several sides use: each run finds it empty."""

import redis


def emptied(place: str) -> str:
    """Empty the server at a place, and return where it is."""
    with redis.Redis.from_url(place, socket_timeout=None) as client:
        client.flushall()
    return place
