"""A real-time event server: one ordered, durable log, spoken in several dialects."""

__version__ = "0.1.0"
