"""Request bodies: bytes to JSON to a validated model, and the sentence where that fails."""

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
SENTENCE = "sentence"  # the type of a validation error whose message is the whole sentence

BLANK = r"\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"  # as str.strip()
STORABLE = StringConstraints(pattern=r"^[^\x00]*$")
"""PostgreSQL stores no NUL in text (documentation, section 8.3)."""

STORABLE_LINE = StringConstraints(
    strip_whitespace=True, min_length=1, pattern=rf"^[^\x00]*[^\x00{BLANK}][^\x00]*$"
)
"""The same, trimmed, and not empty after that."""


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


ABSENT: Any = Field(default=None, json_schema_extra=_without_default)
"""The default of an optional field: see `Body.sent`."""


class Body(BaseModel):
    """A JSON object that a route takes. Unknown members are ignored, types are not converted."""

    model_config = ConfigDict(strict=True, extra="ignore")

    error_sentence: ClassVar[str | None] = None
    """The sentence for every invalid body, in place of one that names the fields."""

    def sent(self) -> dict[str, Any]:
        """The members that were in the body, those that are null included."""
        return {name: getattr(self, name) for name in self.model_fields_set}

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Validate. Raises NotJson for what is not JSON, InvalidRequest for what does not fit."""
        try:
            return cls.model_validate(load_json(data))
        except ValidationError as error:
            sentence = cls.error_sentence or cls._explain(error.errors(include_url=False))
            raise InvalidRequest(sentence) from None

    @classmethod
    def _explain(cls, errors: list[ErrorDetails]) -> str:
        """One sentence about all fields, in their order."""
        return "; ".join(dict.fromkeys(map(cls._explain_one, errors)))

    @classmethod
    def _explain_one(cls, error: ErrorDetails) -> str:
        if not error["loc"]:
            return "The request body must be a JSON object"
        if error["type"] == SENTENCE:
            return error["msg"]
        name = str(error["loc"][0])
        return f"{name.replace('_', ' ').capitalize()} {cls._rule(name, error)}"

    @classmethod
    def _rule(cls, name: str, error: ErrorDetails) -> str:
        kind = error["type"]
        is_null = kind == "string_type" and error["input"] is None
        if is_null or kind in {"missing", "string_too_short"}:
            return "is required" if cls.model_fields[name].is_required() else "cannot be empty"
        if kind == "string_too_long":
            return f"must be at most {error['ctx']['max_length']} characters"
        return RULES.get(kind, error["msg"])


def load_json(data: bytes) -> Any:
    """Decode JSON in UTF-8 (RFC 8259). Raises NotJson, which names the place."""
    text = ""
    try:
        text = data.decode()
        return json.loads(text, parse_constant=_refuse_constant, parse_int=_to_number)
    except UnicodeDecodeError as error:
        reason = f"it is not UTF-8 at byte {error.start + 1}"
    except json.JSONDecodeError as error:
        message = error.msg.partition(" (")[0].removesuffix(" at").rstrip(": ")
        reason = f"{message} at line {error.lineno}, column {error.colno}"
    except RecursionError:
        reason = "it is nested too deeply"
    raise NotJson(f"{NotJson.sentence}: {reason}")


def _refuse_constant(name: str) -> NoReturn:
    raise NotJson(f"{NotJson.sentence}: {name} is not a JSON value")


def _to_number(digits: str) -> int | float:
    """Python refuses integers of more than 4,300 digits; JSON has no such limit."""
    return int(digits) if len(digits) < 100 else float(digits)


async def read(receive: Receive, limit: int) -> bytes:
    """Read the whole body. Raises BodyTooLarge over `limit` bytes, and ClientDisconnect."""
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
