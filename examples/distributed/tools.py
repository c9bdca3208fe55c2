"""The tools of the orders project. A tool may run more than once when its worker dies, so charging takes a key."""

import hashlib
from typing import Any

import trio


def price(order: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
    prices = config["prices"]
    if order["item"] not in prices:
        raise LookupError(f"there is no {order['item']}; there are {', '.join(sorted(prices))}")
    return {"cents": prices[order["item"]] * order["quantity"]}


async def charge(payment: dict[str, Any], _config: dict[str, Any]) -> dict[str, Any]:
    await trio.sleep(0.05)  # where a real tool would ask the bank, and give it the key
    return {"receipt": hashlib.sha256(payment["key"].encode()).hexdigest()[:8], "cents": payment["cents"]}


async def confirm(order: dict[str, Any], _config: dict[str, Any]) -> dict[str, Any]:
    await trio.lowlevel.checkpoint()
    return {"message": f"{order['item']} is on its way, receipt {order['receipt']}"}
