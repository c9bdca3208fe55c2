"""Reading, writing, deleting, listing and searching real files."""

import os
import stat

import pytest
import trio


async def test_a_file_is_read_with_what_is_known_of_it(bench):
    output = await bench.run("read_file", path="./docs//guide.md")

    assert output["content"] == "# Guide\n\nalpha\n"
    assert output["metadata"]["path"] == "docs/guide.md"
    assert output["metadata"]["size"] == 15


async def test_a_file_is_written_with_the_directories_on_its_way(bench, place):
    output = await bench.run("write_file", path="new/er/größe.txt", content="Grüße ✓")

    assert (place.root / "new" / "er" / "größe.txt").read_text() == "Grüße ✓"
    assert output["metadata"]["mode"] == 0o644
    assert [path.name for path in (place.root / "new" / "er").iterdir()] == ["größe.txt"]


async def test_a_file_that_is_replaced_keeps_its_permissions_and_is_a_new_one(bench, place):
    path = place.root / "notes.txt"
    path.chmod(0o600)
    before = path.stat().st_ino

    with path.open() as reader:
        await bench.run("write_file", path="notes.txt", content="new")

        assert reader.read().startswith("alpha")  # whoever reads it still has the old one
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.stat().st_ino != before


async def test_permissions_can_be_given(bench, place):
    await bench.run("write_file", path="run.sh", content="", mode=0o750)

    assert stat.S_IMODE((place.root / "run.sh").stat().st_mode) == 0o750


async def test_a_file_can_be_added_to_whether_it_is_there_or_not(bench, place):
    await bench.run("write_file", path="log", content="one\n", append=True)
    await bench.run("write_file", path="log", content="two\n", append=True)

    assert (place.root / "log").read_text() == "one\ntwo\n"


async def test_a_file_is_deleted_and_then_is_not_there(bench, place):
    assert (await bench.run("delete_file", path="notes.txt"))["success"] is True

    assert not (place.root / "notes.txt").exists()
    assert await bench.refusal("delete_file", path="notes.txt") == "NOT_FOUND"
    assert await bench.refusal("read_file", path="notes.txt") == "NOT_FOUND"


async def test_no_more_is_read_or_written_than_is_allowed(bench_of, place):
    bench = bench_of(max_file_bytes=10)
    (place.root / "ten").write_text("x" * 10)

    assert len((await bench.run("read_file", path="ten"))["content"]) == 10
    assert await bench.refusal("read_file", path="docs/guide.md") == "TOO_LARGE"
    assert await bench.refusal("write_file", path="big", content="ä" * 6) == "TOO_LARGE"
    assert await bench.refusal("write_file", path="ten", content="y", append=True) == "TOO_LARGE"
    assert (place.root / "ten").read_text() == "x" * 10
    assert not (place.root / "big").exists()


async def test_what_is_no_text_is_not_read(bench, place):
    (place.root / "latin").write_bytes(b"gr\xfc\xdfe")
    (place.root / "zero").write_bytes(b"a\0b")

    assert await bench.refusal("read_file", path="latin") == "NOT_TEXT"
    assert await bench.refusal("read_file", path="zero") == "NOT_TEXT"
    assert await bench.refusal("write_file", path="half", content="\ud800") in {"NOT_TEXT", "INVALID_INPUT"}


async def test_a_read_only_root_is_read_only(bench_of, place):
    bench = bench_of(read_only=True)

    assert await bench.refusal("write_file", path="notes.txt", content="") == "READ_ONLY"
    assert await bench.refusal("write_file", path="a/b", content="") == "READ_ONLY"
    assert await bench.refusal("delete_file", path="notes.txt") == "READ_ONLY"
    assert (await bench.run("read_file", path="notes.txt"))["content"].startswith("alpha")
    assert not (place.root / "a").exists()


async def test_a_directory_is_listed_in_order_and_page_by_page(bench):
    first = await bench.run("list_dir", path=".", recursive=True, page_size=3)
    second = await bench.run("list_dir", path=".", recursive=True, page_size=3, page_token=first["next_page_token"])

    paths = [entry["path"] for entry in first["entries"] + second["entries"]]
    assert paths == ["docs", "docs/deep", "docs/deep/data.json", "docs/guide.md", "notes.txt"]
    assert [entry["type"] for entry in first["entries"]] == ["dir", "dir", "file"]
    assert "next_page_token" not in second


async def test_a_listing_can_be_narrowed(bench):
    async def listed(**given):
        return [entry["path"] for entry in (await bench.run("list_dir", recursive=True, **given))["entries"]]

    assert await listed(path=".", include_dirs=False) == ["docs/deep/data.json", "docs/guide.md", "notes.txt"]
    assert await listed(path=".", include_files=False) == ["docs", "docs/deep"]
    assert await listed(path=".", pattern="**/*.md") == ["docs/guide.md"]
    assert await listed(path="docs", pattern="*.md") == ["docs/guide.md"]
    assert await bench.refusal("list_dir", path=".", include_files=False, include_dirs=False) == "INVALID_INPUT"


@pytest.mark.parametrize(
    ("given", "files"),
    [
        ({}, ["notes.txt"]),
        ({"recursive": True}, ["docs/deep/data.json", "docs/guide.md", "notes.txt"]),
        ({"recursive": True, "exclude": "*.md"}, ["docs/deep/data.json", "notes.txt"]),
        ({"recursive": True, "exclude": "docs/**"}, ["notes.txt"]),
        ({"recursive": True, "exclude": ["*.{md,json}", "!data.*"]}, ["docs/deep/data.json", "notes.txt"]),
        ({"recursive": True, "exclude": "!*.md"}, ["docs/guide.md"]),
        ({"dir": "docs"}, ["guide.md"]),
    ],
)
async def test_files_are_listed_and_left_out(bench, given, files):
    assert (await bench.run("list_files", **{"dir": ".", **given}))["files"] == files


async def test_what_is_wrong_with_a_directory_is_told(bench):
    assert await bench.refusal("list_files", dir="missing") == "NOT_FOUND"
    assert await bench.refusal("list_files", dir="notes.txt") == "NOT_A_DIRECTORY"
    assert await bench.refusal("list_dir", path="notes.txt/x") == "NOT_A_DIRECTORY"
    assert await bench.refusal("read_file", path="docs") == "NOT_A_FILE"
    assert await bench.refusal("read_file", path=".") == "NOT_A_FILE"


async def test_no_more_entries_are_looked_at_than_is_allowed(bench_of):
    bench = bench_of(max_files=4)

    assert await bench.refusal("list_dir", path=".", recursive=True) == "TOO_LARGE"
    assert await bench.refusal("grep", path=".", pattern="x", recursive=True) == "TOO_LARGE"
    assert (await bench.run("list_files", dir="."))["files"] == ["notes.txt"]
    assert await bench_of(max_files=1).refusal("list_files", dir=".") == "TOO_LARGE"


async def test_every_match_is_found_with_its_place(bench):
    output = await bench.run("grep", path=".", pattern="alpha", recursive=True)

    places = [(match["file"], match["line"], match["column"]) for match in output["matches"]]
    assert places == [("docs/guide.md", 3, 1), ("notes.txt", 1, 1), ("notes.txt", 3, 12)]
    assert output["matches"][2]["text"] == "Alpha beta alpha"
    assert output["truncated"] is False


async def test_a_search_can_ignore_case_and_be_cut_off(bench):
    assert len((await bench.run("grep", path="notes.txt", pattern="ALPHA", ignore_case=True))["matches"]) == 3

    output = await bench.run("grep", path="notes.txt", pattern="a", max_results=2)
    assert (len(output["matches"]), output["truncated"]) == (2, True)


async def test_binary_and_large_files_are_skipped_and_counted(bench, place):
    (place.root / "image").write_bytes(b"alpha\0")
    output = await bench.run("grep", path=".", pattern="alpha", max_file_bytes=10, recursive=True)

    assert output["matches"] == []
    assert (output["files_searched"], output["files_skipped"]) == (1, 3)


async def test_a_pattern_that_would_backtrack_for_ever_does_not(bench, place):
    (place.root / "row").write_text("a" * 10_000 + "!")

    with trio.fail_after(5):
        assert (await bench.run("grep", path="row", pattern="^(a+)+$"))["matches"] == []


async def test_a_pattern_that_reads_each_line_again_for_every_match_ends_too(bench, place):
    (place.root / "rows").write_text(("a" * 16_000 + "\n") * 60)

    with trio.fail_after(5):
        output = await bench.run("grep", path="rows", pattern="a*b|a")
    assert (len(output["matches"]), output["truncated"]) == (1000, True)


async def test_a_search_that_takes_too_long_is_stopped(bench, place):
    (place.root / "rows").write_text("a\n" * 400_000)

    assert await bench.refusal("grep", path="rows", pattern="b", seconds=0.01) == "TIMED_OUT"


async def test_names_that_are_no_text_are_left_out(bench, place):
    os.close(os.open(os.fsencode(place.root) + b"/\xff.txt", os.O_CREAT | os.O_WRONLY))

    assert (await bench.run("list_files", dir="."))["files"] == ["notes.txt"]


async def test_a_cancelled_walk_ends(bench, place):
    with trio.CancelScope() as scope:
        scope.cancel()
        await bench.run("list_files", dir=".", recursive=True)

    assert scope.cancelled_caught
