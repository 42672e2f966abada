"""What goes wrong with PostgreSQL."""


class PostgresError(Exception):
    """Why there is no server: a sentence for a person, at times with the server's last words."""


class InUse(PostgresError):
    """Another process runs a server on the data."""
