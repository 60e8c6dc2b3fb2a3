"""`python -m plugwire`."""

import sys

from plugwire.cli import main

if __name__ == "__main__":
    sys.exit(main())
