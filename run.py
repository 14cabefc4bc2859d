"""Start the server from a checkout: `python run.py [serve options]`, the same as `realtime serve`."""

import sys

from realtime.cli import main

if __name__ == "__main__":
    sys.exit(main())
