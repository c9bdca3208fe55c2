"""``python -m compozy``, also installed as ``compozy``."""

import sys


def main() -> None:
    """Run the command line and end the process with its exit code."""
    try:
        from compozy.cli.main import cli  # noqa: PLC0415 - so that Ctrl-C is no traceback even while it loads

        cli(prog_name="compozy")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
