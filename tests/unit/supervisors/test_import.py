"""What importing the library brings along: every program waits for that, and each module of it costs."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow  # each asks an interpreter of its own


@pytest.fixture
def imported():
    """Return the names of the modules that come with the library once Trio is there."""
    source = "import sys, trio; known = {*sys.modules}; import supervisors; print(*sys.modules.keys() - known)"
    asked = subprocess.run([sys.executable, "-c", source], check=True, stdout=subprocess.PIPE, text=True)
    return set(asked.stdout.split())


def test_library_needs_little_more_of_the_standard_library_than_trio_does(imported):
    assert {name for name in imported if not name.startswith("supervisors")} <= {"graphlib"}


def test_reports_on_plans_and_logs_are_imported_when_somebody_asks_for_them(imported):
    reports = {f"supervisors.inspection.{name}" for name in ("advice", "codec", "forecast", "outline", "replay")}

    assert imported.isdisjoint({*reports, "supervisors.program.cli", "supervisors.testing"})
