"""`python -m realtime`, the same as the command `realtime`."""

import sys

from realtime.cli import main

sys.exit(main())
