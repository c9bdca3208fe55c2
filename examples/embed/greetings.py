"""A program that embeds the whole Compozy runtime, standalone, and runs workflows of `examples/hello` as it pleases."""

from pathlib import Path

import trio

import compozy
from compozy.domain.errors import InvalidError

HELLO = Path(__file__).parents[1] / "hello"


async def main() -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(work)
        async with compozy.open_runtime(HELLO) as app:
            await greet(app, "Ada")
            async with trio.open_nursery() as guests:
                for name in ("Amélie", "Fernando", "Zoe"):
                    guests.start_soon(greet, app, name)
            try:
                await app.run("greet", {"name": "Ada", "marks": 1000})
            except InvalidError as error:
                print("refused:", error)
        nursery.cancel_scope.cancel()


async def greet(app: compozy.Runtime, name: str) -> None:
    outputs = await app.run("greet", {"name": name})
    print(outputs["greeting"], f"({outputs['letters']} letters)", flush=True)


async def work() -> None:
    try:
        await trio.sleep_forever()  # whatever else the program does
    finally:
        print("the program's own work is put down", flush=True)


if __name__ == "__main__":
    trio.run(main)
