"""`python -m workbench`, and the console script `workbench`."""

import sys


def main() -> None:
    from workbench import cli

    sys.exit(cli.main(sys.argv[1:]))


if __name__ == "__main__":
    main()
