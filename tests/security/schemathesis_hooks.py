"""Hooks of Schemathesis, for the rules of the contract that JSON Schema has no words for.

Titles and addresses are trimmed before they are judged, and passwords are measured in bytes.
Such requests are sent, and all else in their answers is judged. An Idempotency-Key stands for
one request, and Schemathesis would use few keys for many: a sound one is made unique.
"""

import re
from typing import Any
from uuid import uuid4

import schemathesis

TRIMMED = ("title", "email")
OVER_72_BYTES = "Password must be at most 72 bytes"
KEY = "Idempotency-Key"
SOUND_KEY = re.compile(r'"?([!#-~]{1,255})"?')


@schemathesis.hook
def before_call(context: object, case: Any, *_: object) -> None:
    """Give each call a key of its own; how a key is repeated is tried elsewhere."""
    found = SOUND_KEY.fullmatch((case.headers or {}).get(KEY, ""))
    if found:
        case.headers[KEY] = (uuid4().hex + found[1])[:255]


@schemathesis.hook
def filter_failure(context: object, failure: Any, case: Any, response: object) -> bool:
    """Whether a finding counts."""
    if "negative_data_rejection" in failure.checks:
        return not _is_sound_once_trimmed(case)
    if "positive_data_acceptance" in failure.checks:
        return OVER_72_BYTES not in getattr(response, "text", "")
    return True


def _is_sound_once_trimmed(case: Any) -> bool:
    """Whether trimming alone makes the body one that the document allows."""
    if not isinstance(case.body, dict):
        return False
    trimmed = {
        name: value.strip() if name in TRIMMED and isinstance(value, str) else value
        for name, value in case.body.items()
    }
    sound = any(each.is_valid(trimmed) for each in case.operation.body)
    return sound and trimmed != case.body
