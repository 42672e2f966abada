"""What handlers share: `app_state(request).database` and the like, with types."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from starlette.requests import Request

from core.accounts.passwords import Passwords
from core.accounts.tokens import Tokens
from core.cors import Cors
from core.database.database import Database
from core.settings import Settings


@dataclass
class AppState:
    """The application's state, as `request.app.state` has it."""

    settings: Settings
    tokens: Tokens
    cors: Cors
    openapi: Callable[[], bytes]
    """Returns the OpenAPI document as JSON."""
    database: Database = field(init=False)
    """Set when the lifespan begins, as are the passwords."""
    passwords: Passwords = field(init=False)
    shutting_down: bool = False

    def begin_shutdown(self) -> None:
        """Let /health/ready report that the service is stopping."""
        self.shutting_down = True


def app_state(request: Request) -> AppState:
    """The state of the application that serves this request."""
    return cast("AppState", request.app.state)
