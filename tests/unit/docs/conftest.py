"""The documentation as text: its pages, and what is in their tables and code blocks."""

import re
from pathlib import Path

import attrs
import pytest

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`]+)`")


@attrs.frozen
class Page:
    """One page."""

    path: Path

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    def blocks(self, *languages: str) -> list[str]:
        """Return the code blocks in these languages."""
        return [body for language, body in _FENCE.findall(self.text) if language in languages]

    def prose(self) -> str:
        """Return the page without its code blocks."""
        return _FENCE.sub("", self.text)

    def section(self, heading: str) -> "Section":
        """Return what is below a heading, up to the next one of the same level or above."""
        level = len(heading) - len(heading.lstrip("#"))
        _, found, rest = self.text.partition(f"\n{heading}\n")
        assert found, f"{self.name} has no {heading!r}"
        return Section(re.split(rf"^#{{1,{level}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0])


@attrs.frozen
class Section:
    """A part of a page."""

    text: str

    def rows(self, *columns: str) -> list[list[str]]:
        """Return the rows of all tables that have exactly these columns, cell by cell."""
        header = _cells(f"| {' | '.join(columns)} |")
        rows: list[list[str]] = []
        is_inside = False
        for line in self.text.splitlines():
            if not line.startswith("|"):
                is_inside = False
            elif is_inside and not line.startswith("|---"):
                rows.append(_cells(line))
            is_inside = is_inside or (line.startswith("|") and _cells(line) == header)
        return rows


def _cells(line: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def pages() -> list[Page]:
    return [
        Page(ROOT / "README.md"),
        *(Page(path) for path in sorted(DOCS.rglob("*.md")) if "_build" not in path.parts),
    ]


def pytest_generate_tests(metafunc):
    """Run a test that takes a ``page`` on every page."""
    if "page" in metafunc.fixturenames:
        found = pages()
        metafunc.parametrize("page", found, ids=[page.name for page in found])


@pytest.fixture
def page_of():
    """Return a function that gives the page of the reference with this name."""
    return lambda name: Page(DOCS / "reference" / f"{name}.md")


@pytest.fixture
def guide():
    """Return a function that gives the page outside the reference with this name."""
    return lambda name: Page(DOCS / f"{name}.md")


@pytest.fixture
def root():
    """Return the folder of the repository."""
    return ROOT


@pytest.fixture
def words_in():
    """Return a function that gives what is set as code in a text, in order."""
    return _CODE.findall


@pytest.fixture
def rows_of():
    """Return a function that gives the rows of a page's tables with exactly these columns."""
    return lambda page, *columns: Section(page.text).rows(*columns)
