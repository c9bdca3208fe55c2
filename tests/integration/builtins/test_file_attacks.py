"""Paths that try to leave the root, by their text and by what is on the disk: no tool follows one."""

import os
import socket
import threading

import pytest
import trio

from compozy.domain.errors import ToolError
from compozy.drivers.tools.builtins.files import read_file
from compozy.drivers.tools.builtins.root import Root, open_regular
from compozy.drivers.tools.builtins.settings import BuiltinSettings
from compozy.drivers.tools.builtins.walking import walk

BY_TEXT = ["../secret.txt", "docs/../../secret.txt", "./../secret.txt", "docs/..", "..", "../root/../secret.txt"]
BY_TEXT += ["/etc/passwd", "//etc/passwd", "/", "..\\secret.txt", "docs\\..\\..\\secret.txt", "C:\\secret.txt"]
BY_TEXT += ["../secret.txt\0.md", "notes.txt\0", "\r\n../secret.txt", "docs\t/x", "docs/\ud800", "x/" * 3000]
BY_TEXT += [".env", ".ENV", ".env.local", "docs/../.env", ".git/config", ".compozy/compozy.db", "docs/.git/HEAD"]
BY_TEXT += ["n" * 300]
ENCODED = ["%2e%2e/secret.txt", "..%2fsecret.txt", "%252e%252e%252fsecret.txt", "．．/secret.txt", "....//secret.txt"]  # noqa: RUF001 - what looks like dots
ENCODED += ["․․/secret.txt", "..;/secret.txt", "file:secret.txt", "~/secret.txt", "$HOME/secret.txt", "..∕secret.txt"]  # noqa: RUF001 - what looks like dots
LINKS = ["out", "up/secret.txt", "up", "chain", "within", "dangling", "docs/loop", "proc", "device"]
ATTEMPTS = 2000
SPECIAL = ["fifo", "socket"]


@pytest.fixture
def trap(place, monkeypatch):
    root = place.root
    (root / "out").symlink_to(place.secret)
    (root / "up").symlink_to(root.parent)
    (root / "chain").symlink_to("out")
    (root / "within").symlink_to("notes.txt")
    (root / "dangling").symlink_to(root.parent / "made.txt")
    (root / "docs" / "loop").symlink_to("loop")
    (root / "proc").symlink_to("/proc/self/environ")
    (root / "device").symlink_to("/dev/zero")
    os.mkfifo(root / "fifo")
    monkeypatch.chdir(root)  # the whole path would be too long for a socket
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
    for folder in (".git", ".compozy", "docs/.git"):
        (root / folder).mkdir()
    for name in (".env", ".env.local", ".git/config", ".compozy/compozy.db", "docs/.git/HEAD"):
        (root / name).write_text("kept outside")
    return place


async def codes(bench, path):
    """Return how each tool refuses the path."""
    with trio.fail_after(10):
        return {
            await bench.refusal("read_file", path=path),
            await bench.refusal("write_file", path=path, content="overwritten"),
            await bench.refusal("write_file", path=path, content="overwritten", append=True),
            await bench.refusal("delete_file", path=path),
            await bench.refusal("list_dir", path=path),
            await bench.refusal("list_files", dir=path, recursive=True),
            await bench.refusal("grep", path=path, pattern="kept", recursive=True),
            await bench.refusal("exec", command="cat", args=[path]),
            await bench.refusal("exec", command="pwd", working_dir=path),
        }


def everything(place):
    return sorted((str(path), path.read_text() if path.is_file() else "") for path in place.root.parent.rglob("*"))


@pytest.mark.parametrize("path", BY_TEXT)
async def test_a_path_that_is_not_plainly_below_the_root_is_refused_by_every_tool(bench, trap, path):
    before = everything(trap)

    # An argument that no program can be given is refused before it is taken for a path.
    assert await codes(bench, path) - {"COMMAND_REFUSED"} == {"PATH_REFUSED"}
    assert everything(trap) == before


@pytest.mark.parametrize("path", LINKS)
async def test_no_tool_follows_a_link(bench, trap, path):
    before = everything(trap)

    assert await codes(bench, path) == {"PATH_REFUSED"}
    assert everything(trap) == before


@pytest.mark.parametrize("path", SPECIAL)
async def test_what_is_neither_file_nor_directory_is_not_touched_and_nothing_waits_for_it(bench, trap, path):
    assert await codes(bench, path) == {"NOT_A_FILE", "NOT_A_DIRECTORY"}


@pytest.mark.parametrize("path", ENCODED)
async def test_nothing_in_a_path_is_decoded(bench, trap, path):
    assert await bench.refusal("read_file", path=path) == "NOT_FOUND"
    assert await bench.refusal("exec", command="cat", args=[path]) == "NOT_FOUND"

    await bench.run("write_file", path=path, content="inside")
    assert trap.secret.read_text() == "kept outside"
    assert (trap.root / path).read_text() == "inside"


async def test_listings_and_searches_show_neither_links_nor_private_names(bench, trap):
    files = (await bench.run("list_files", dir=".", recursive=True))["files"]
    found = await bench.run("grep", path=".", pattern="kept outside", recursive=True)

    assert files == ["docs/deep/data.json", "docs/guide.md", "notes.txt"]
    assert found["matches"] == []


def test_a_file_stays_below_the_root_though_its_directory_becomes_a_link(place):
    root = Root(place.root)
    (place.root / "docs" / "secret.txt").write_text("inside")

    with root.parent(("docs", "secret.txt")) as (directory, name):
        (place.root / "docs").rename(place.root / "moved")
        (place.root / "docs").symlink_to(place.root.parent)
        descriptor = open_regular(directory, name, os.O_RDONLY, shown=name)

    with open(descriptor) as file:  # noqa: PTH123 - a descriptor, of a few bytes
        assert file.read() == "inside"


@pytest.mark.parametrize("becomes_a_link", [True, False])
async def test_a_directory_that_changes_while_it_is_walked_is_passed_over(place, becomes_a_link):
    def walked():
        entries = walk(Root(place.root), (), recursive=True, most=100)
        first = next(entries)
        (place.root / "docs").rename(place.root.parent / "moved")
        if becomes_a_link:
            (place.root / "docs").symlink_to(place.root.parent / "moved")
        return [entry.parts for entry in (first, *entries)]

    assert await trio.to_thread.run_sync(walked) == [("docs",), ("notes.txt",)]


@pytest.mark.slow
def test_a_name_that_keeps_changing_between_file_and_link_never_gives_what_is_outside(place):
    settings = BuiltinSettings(root=place.root)
    stop = threading.Event()
    name, link, plain = (place.root / each for each in ("swapped", "link", "plain"))

    def swap():
        while not stop.is_set():
            link.symlink_to(place.secret)
            link.rename(name)
            plain.write_text("inside")
            plain.rename(name)

    swapper = threading.Thread(target=swap)
    swapper.start()
    found = set()
    try:
        for attempt in range(50_000):
            if attempt >= ATTEMPTS and {"inside", "PATH_REFUSED"} <= found:
                break
            try:
                found.add(read_file(Root(place.root), settings, {"path": "swapped"})["content"])
            except ToolError as error:
                found.add(error.error_code)
    finally:
        stop.set()
        swapper.join()

    assert {"inside", "PATH_REFUSED"} <= found <= {"inside", "PATH_REFUSED", "NOT_FOUND"}
