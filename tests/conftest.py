"""What all tests share."""

import os

from hypothesis import settings

pytest_plugins = ("pytester",)  # for the tests of our plugins; pytest takes it from here alone

# The programs that tests start may keep their bytecode, whatever the machine's habit: compiling half a thousand modules
# anew at each start doubles the time of the suite.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# An example may take as long as it likes: the tests run side by side, and what one takes then says little about it.
# Whatever else is in force (in continuous integration Hypothesis takes no random seed) stays so.
settings.register_profile("side by side", settings(deadline=None))
settings.load_profile("side by side")
