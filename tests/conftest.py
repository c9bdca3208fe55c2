"""What all tests share."""

import os

# The programs that tests start may keep their bytecode, whatever the machine's habit: compiling half a thousand modules
# anew at each start doubles the time of the suite.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
