"""Request bodies: bytes to JSON to a validated model, and what to say where that fails."""

import json
import re
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
JSON_TOKENS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{}]|-?Infinity|NaN', re.DOTALL)
DEEP_NESTING = 500  # nested arrays and objects; Python reads some 900
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


class _NoValue(ValueError):
    """A word that only JavaScript has."""


def load_json(data: bytes) -> Any:
    """JSON in UTF-8 (RFC 8259). Raises NotJson, which says where it breaks."""
    text = ""
    try:
        text = data.decode()
        return json.loads(text, parse_constant=_refuse_constant, parse_int=_integer)
    except UnicodeDecodeError as error:
        reason = f"it is not UTF-8 at byte {error.start + 1}"
    except json.JSONDecodeError as error:
        what = error.msg.partition(" (")[0].removesuffix(" at").rstrip(": ")
        reason = f"{what} at {_place(text, error.pos)}"
    except _NoValue as error:
        found = next(each for each in JSON_TOKENS.finditer(text) if each[0] == str(error))
        reason = f"{error} is not a JSON value at {_place(text, found.start())}"
    except RecursionError:
        reason = f"it is nested too deeply from {_place(text, _deep_place(text))} on"
    raise NotJson(f"{NotJson.sentence}: {reason}")


def _place(text: str, index: int) -> str:
    line, column = text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)
    return f"line {line}, column {column}"


def _deep_place(text: str) -> int:
    """Where DEEP_NESTING brackets are open; what is before has been read without a fault."""
    depth = 0
    for token in JSON_TOKENS.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if depth > DEEP_NESTING:
            return token.start()
    return 0


def _refuse_constant(name: str) -> NoReturn:
    raise _NoValue(name)


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
