"""The page about embedding shows what the examples hold, or what runs as it stands."""

import shutil
import sys

import pytest

import compozy


@pytest.fixture
def embedding(guide):
    return guide("how-to/embed")


@pytest.fixture
def examples(root, tmp_path):
    """A copy of the examples, with state of its own; the folder around it is what paths on the page start from."""
    ignored = shutil.ignore_patterns("__pycache__", ".compozy")
    shutil.copytree(root / "examples", tmp_path / "examples", ignore=ignored)
    return tmp_path


def test_blocks_are_parts_of_the_examples_or_programs_of_their_own(embedding, root):
    held = "".join(path.read_text(encoding="utf-8") for path in (root / "examples" / "embed").glob("*.py"))
    parts = [block for block in embedding.blocks("python") if "import compozy" not in block]

    assert len(parts) == 4
    assert [part for part in parts if part not in held] == []


@pytest.mark.slow
async def test_following_an_execution_goes_on_to_its_end(embedding, examples, monkeypatch, capsys):
    monkeypatch.chdir(examples)
    [block] = [block for block in embedding.blocks("python") if "def follow" in block]
    shown = {}
    exec(block, shown)  # noqa: S102 - the page's own code is what is tested

    async with compozy.open_runtime("examples/hello") as app:
        await shown["follow"](app)

    printed = capsys.readouterr().out.splitlines()
    assert printed[-1:] in (["the execution SUCCESS"], [])  # nothing to follow if it has ended before the look at it


def test_options_are_as_shown(embedding):
    [block] = [
        block for block in embedding.blocks("python") if "options = compozy.Options" in block and "pytest" not in block
    ]
    shown = {}
    exec(block, shown)  # noqa: S102 - the page's own code is what is tested

    assert shown["options"].flags["server.port"] == 0


@pytest.mark.slow
def test_test_with_a_runtime_passes(embedding, examples, pytester, monkeypatch):
    [block] = [block for block in embedding.blocks("python") if "import pytest" in block]
    pytester.makeini("[pytest]\ntrio_mode = true\nfilterwarnings = error\n")
    pytester.makepyfile(test_page=block)
    shutil.copytree(examples / "examples", pytester.path / "examples", dirs_exist_ok=True)
    monkeypatch.setenv("PYTHONUTF8", "1")

    done = pytester.run(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "test_page.py")

    done.assert_outcomes(passed=1)
