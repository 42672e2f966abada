"""The other implementations."""
