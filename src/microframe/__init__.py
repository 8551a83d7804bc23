"""MicroFrame: a small, very fast ASGI framework with the batteries real products need."""

__version__ = "3.0.0.dev0"
