"""Runs the command line: ``python -m supervisors``."""

from supervisors.command import main

if __name__ == "__main__":
    raise SystemExit(main())
