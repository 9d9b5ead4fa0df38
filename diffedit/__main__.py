"""`python -m diffedit`."""

import sys

from diffedit.cli import main

if __name__ == "__main__":
    sys.exit(main())
