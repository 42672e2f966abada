"""What plugins are made with, and what every request passes."""

__version__ = "1.0.0"
