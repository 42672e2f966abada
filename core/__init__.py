"""What every plugin stands on; imports no plugin."""

__version__ = "1.0.0"
