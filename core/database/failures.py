"""What can go wrong between us and PostgreSQL, and what follows from it."""

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
"""The connection is of no use any more; others may be as dead, and not know yet."""

SESSION_OVER = (*CONNECTION_LOST, asyncpg.ReadOnlySQLTransactionError)
"""Part with the session; where writes are allowed again, or elsewhere, only a new one learns it."""

MAYBE_TRANSIENT = (*BROKEN, asyncpg.ReadOnlySQLTransactionError)
"""On a fresh connection it may succeed."""

FAILURES = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""Whatever else: the database cannot do it now."""

HOPELESS = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.ClientConfigurationError,
    ssl.SSLCertVerificationError,
)
"""At the start: waiting does not help."""


def was_not_done(error: Exception) -> bool:
    """Whether the server refused to write, or had said farewell before asyncpg sent anything."""
    if isinstance(error, asyncpg.ReadOnlySQLTransactionError):
        return True
    return isinstance(error, asyncpg.InternalClientError) and "switch to state" in str(error)
