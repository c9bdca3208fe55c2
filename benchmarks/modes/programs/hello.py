"""The least that hypercorn and quart-trio can serve: one route that says hello, in JSON.

It says ``{"url": "..."}`` on standard output when it listens, and ends at SIGTERM.
"""

import json
import logging
import signal

import trio
from hypercorn.config import Config
from hypercorn.trio import serve
from quart_trio import QuartTrio

app = QuartTrio(__name__)


@app.get("/hello")
async def hello() -> dict[str, str]:
    return {"hello": "world"}


async def main() -> None:
    config = Config()
    config.bind = ["127.0.0.1:0"]
    config.errorlog = logging.getLogger("hypercorn.error")
    with trio.open_signal_receiver(signal.SIGTERM) as signals:

        async def wait_for_signal() -> None:
            await anext(signals)

        async with trio.open_nursery() as nursery:
            [url] = await nursery.start(
                lambda task_status: serve(app, config, shutdown_trigger=wait_for_signal, task_status=task_status)
            )
            print(json.dumps({"url": url}), flush=True)


if __name__ == "__main__":
    trio.run(main)
