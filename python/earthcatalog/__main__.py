"""`python -m earthcatalog`: the command line program."""

import sys

from earthcatalog._cli import main

if __name__ == "__main__":
    sys.exit(main())
