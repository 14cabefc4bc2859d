#!/usr/bin/env python3
"""Start the server from a checkout: `python3 run.py [serve options]`, the same as `realtime serve`."""

from realtime.bootstrap import with_parts

with_parts(__file__)

from realtime.cli import main  # noqa: E402 - only once its parts are there

raise SystemExit(main())
