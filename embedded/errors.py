"""Errors of the embedded PostgreSQL."""


class PostgresError(Exception):
    """Why there is no server: a sentence, and lines of the server's log where there are any."""


class InUse(PostgresError):
    """Another process runs a server on the same data."""
