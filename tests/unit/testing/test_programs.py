"""Programs for tests: waited for by what they log, and by how they end."""

import pytest

from compozy.domain.errors import UnavailableError
from compozy.testing import open_program

pytestmark = pytest.mark.slow  # a program takes a second to be loaded


def test_whoever_waits_for_a_program_that_ends_is_shown_what_it_said(tmp_path):
    (tmp_path / "compozy.yaml").write_text("name: test\nmode: standalone\n")
    with open_program("worker", project=tmp_path, environ={}) as program:
        with pytest.raises(UnavailableError, match="compozy worker ended before 'ready'") as caught:
            program.wait_for("ready")
        status = program.wait_ended()

    assert status == 2
    assert "temporal.mode" in str(caught.value)
    assert not program.runs
