"""The tools of the error-handling project."""

from typing import Any

GOES_WELL = 3
"""The attempt at which a flaky card is charged."""

_attempts: dict[str, int] = {}


class CardDeclinedError(Exception):
    """The bank does not want to; asking again is of no use."""


def charge(order: dict[str, Any], _config: dict[str, Any]) -> dict[str, Any]:
    card = order["card"]
    if card == "declined":
        raise CardDeclinedError("the bank declined the card")
    _attempts[card] = _attempts.get(card, 0) + 1
    if card.startswith("flaky") and _attempts[card] < GOES_WELL:
        raise ConnectionError("the bank does not answer")
    return {"paid": True, "attempts": _attempts[card]}


def apologise(message: dict[str, Any], _config: dict[str, Any]) -> dict[str, Any]:
    return {"paid": False, "text": f"We are sorry: {message['reason']}"}
