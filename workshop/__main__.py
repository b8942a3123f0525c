"""`python -m workshop`: the operator's command."""

import sys

from workshop.cli import main

if __name__ == "__main__":
    sys.exit(main())
