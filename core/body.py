"""Request bodies: bytes to JSON to a validated model, and what to say where that fails."""

import json
from typing import Any, ClassVar, NoReturn, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from core.errors import BodyTooLarge, InvalidRequest, NotJson

UNSTORABLE = "contains characters that cannot be stored"
RULES = {
    "string_type": "must be text",
    "string_unicode": UNSTORABLE,
    "string_pattern_mismatch": UNSTORABLE,
    "bool_type": "must be true or false",
}
SENTENCE = "sentence"  # the type of a fault whose message stands for itself

BLANK = r"\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"  # what is trimmed
STORABLE = StringConstraints(pattern=r"^[^\x00]*$")
"""PostgreSQL has no NUL in text (documentation, 8.3)."""

STORABLE_LINE = StringConstraints(
    strip_whitespace=True, min_length=1, pattern=rf"^[^\x00]*[^\x00{BLANK}][^\x00]*$"
)
"""The same, trimmed, and not empty then."""


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


ABSENT: Any = Field(default=None, json_schema_extra=_without_default)
"""The default of a field that may be left out: see `Body.sent`."""


class Body(BaseModel):
    """A JSON object that a route takes; unknown members are ignored, nothing is converted."""

    model_config = ConfigDict(strict=True, extra="ignore")

    complaint: ClassVar[str | None] = None
    """What to answer to any fault, where one sentence is to serve for all."""

    def sent(self) -> dict[str, Any]:
        """The members that were in the body: null is one, absence is none."""
        return {name: getattr(self, name) for name in self.model_fields_set}

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Raises NotJson for what is no JSON and InvalidRequest for all else that does not fit."""
        try:
            return cls.model_validate(load_json(data))
        except ValidationError as error:
            faults = error.errors(include_url=False)
            raise InvalidRequest(cls.complaint or cls._explain(faults)) from None

    @classmethod
    def _explain(cls, faults: list[ErrorDetails]) -> str:
        """One sentence, the fields in order."""
        return "; ".join(dict.fromkeys(map(cls._explain_one, faults)))

    @classmethod
    def _explain_one(cls, fault: ErrorDetails) -> str:
        if not fault["loc"]:
            return "The request body must be a JSON object"
        if fault["type"] == SENTENCE:
            return fault["msg"]
        name = str(fault["loc"][0])
        return f"{name.replace('_', ' ').capitalize()} {cls._rule(name, fault)}"

    @classmethod
    def _rule(cls, name: str, fault: ErrorDetails) -> str:
        kind = fault["type"]
        no_text = kind == "string_type" and fault["input"] is None
        if no_text or kind in {"missing", "string_too_short"}:
            return "is required" if cls.model_fields[name].is_required() else "cannot be empty"
        if kind == "string_too_long":
            return f"must be at most {fault['ctx']['max_length']} characters"
        return RULES.get(kind, fault["msg"])


def load_json(data: bytes) -> Any:
    """JSON in UTF-8 (RFC 8259). Raises NotJson."""
    try:
        return json.loads(data.decode(), parse_constant=_refuse_constant, parse_int=_integer)
    except UnicodeDecodeError as error:
        reason = f"it is not UTF-8 at byte {error.start + 1}"
    except json.JSONDecodeError as error:
        reason = f"{error.msg} at line {error.lineno}, column {error.colno}"
    except RecursionError:
        reason = "it is nested too deeply"
    raise NotJson(f"{NotJson.sentence}: {reason}")


def _refuse_constant(name: str) -> NoReturn:
    raise NotJson(f"{NotJson.sentence}: {name} is not a JSON value")


def _integer(digits: str) -> int | float:
    """Python refuses to read integers of more than 4300 digits; JSON has no such bound."""
    return int(digits) if len(digits) < 100 else float(digits)


async def read(receive: Receive, limit: int) -> bytes:
    """The whole body. Raises BodyTooLarge over `limit` bytes, and ClientDisconnect."""
    data, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        data += message.get("body", b"")
        more = message.get("more_body", False)
        if len(data) > limit:
            raise BodyTooLarge
    return data
