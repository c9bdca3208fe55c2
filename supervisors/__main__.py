"""Runs the command line: ``python -m supervisors``."""

from supervisors.program.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
