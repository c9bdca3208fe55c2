"""The tools of the collection-map-reduce project."""

from collections import Counter
from typing import Any


def count_words(text: dict[str, Any], _config: dict[str, Any]) -> dict[str, Any]:
    return {"words": dict(Counter(text["text"].lower().split()))}


def add_up(counted: dict[str, Any], _config: dict[str, Any]) -> dict[str, Any]:
    total: Counter[str] = Counter()
    for each in counted["counts"].values():
        total.update(each["words"])
    return {"words": dict(sorted(total.items()))}
