"""Exceptions of asyncpg, sorted by what the service does about them."""

import ssl

import asyncpg

CONNECTION_LOST = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
)
BROKEN = (*CONNECTION_LOST, asyncpg.InternalClientError)
"""The connection cannot be used any more; idle ones may be broken as well."""

SESSION_OVER = (*CONNECTION_LOST, asyncpg.ReadOnlySQLTransactionError)
"""The session must be closed: only a new one can reach a server that accepts writes."""

MAYBE_TRANSIENT = (*BROKEN, asyncpg.ReadOnlySQLTransactionError)
"""The statement may succeed on a new connection."""

FAILURES = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""Any failure of the database or of the way to it."""

NOT_RETRYABLE = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.ClientConfigurationError,
    ssl.SSLCertVerificationError,
)
"""At the start: trying again does not help."""


def write_certainly_not_applied(error: Exception) -> bool:
    """Whether a write cannot have been applied.

    The server refused it, or closed the connection before asyncpg sent the statement.
    """
    if isinstance(error, asyncpg.ReadOnlySQLTransactionError):
        return True
    return isinstance(error, asyncpg.InternalClientError) and "switch to state" in str(error)
