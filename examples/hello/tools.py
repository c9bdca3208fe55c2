"""The tools of the hello project: functions of an input and a configuration, named by the tools' ids.

A coroutine runs on Trio's loop and is cancelled when its time is up; a plain function runs in a thread.
"""

from typing import Any

import trio

SPEAKERS = {"Ada": "english", "Amélie": "french", "Fernando": "portuguese"}


async def find_language(person: dict[str, Any], _config: dict[str, Any]) -> dict[str, Any]:
    await trio.sleep(0.01)  # where a real tool would ask a server
    name = person["name"]
    if name not in SPEAKERS:
        raise LookupError(f"nobody knows which language {name} speaks")
    return {"language": SPEAKERS[name]}


def greet(person: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
    greeting = config["greetings"][person["language"]]
    return {"text": f"{greeting}, {person['name']}!"}


def shout(message: dict[str, Any], _config: dict[str, Any]) -> dict[str, Any]:
    return {"text": message["text"].rstrip("!").upper() + "!" * message["marks"]}


async def count_letters(message: dict[str, Any], _config: dict[str, Any]) -> int:
    await trio.lowlevel.checkpoint()
    return sum(character.isalpha() for character in message["text"])  # a bare value arrives as {"value": …}
