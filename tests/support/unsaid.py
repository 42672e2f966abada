"""Hooks of Schemathesis, for the rules of the contract that JSON Schema has no words for.

Titles and addresses are trimmed before they are judged, and passwords are measured in bytes.
Such requests are sent, and all else in their answers is judged. An Idempotency-Key stands for
one request, and Schemathesis would use few keys for many: a sound one is made unique.
"""

import re
from typing import Any
from uuid import uuid4

import schemathesis

LONGEST_TITLE = 255
MOST_BYTES = 72
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
    body = case.body if isinstance(case.body, dict) else {}
    title, email, password = (str(body.get(name)) for name in ("title", "email", "password"))
    if "negative_data_rejection" in failure.checks:
        return email == email.strip() and not len(title) > LONGEST_TITLE >= len(title.strip())
    if "positive_data_acceptance" in failure.checks:
        return len(password.encode(errors="replace")) <= MOST_BYTES
    return True
