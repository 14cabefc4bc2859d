"""The promises at full size: `make soak`, or `python -m tests.soak --help`."""
