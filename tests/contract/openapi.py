"""Reading an OpenAPI document."""

import json
import re
from typing import Any

Json = dict[str, Any]
VARYING = {
    "token": r"eyJ[\w-]+\.[\w…-]+\.[\w-]+",
    "id": r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b",
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z",
    "request": r"\b[0-9a-f]{20}\b",
}


def operations(document: Json) -> dict[str, Json]:
    """The operations by their ids, each with its method and path."""
    return {
        operation["operationId"]: operation | {"method": method.upper(), "path": path}
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def examples(response: Json) -> list[Any]:
    """The example bodies of a Response Object; None where it has no body."""
    if "content" not in response:
        return [None]
    media = response["content"]["application/json"]
    named = [each["value"] for each in media.get("examples", {}).values()]
    return [media["example"]] if "example" in media else named


def normalize(content: object) -> str:
    """Content as text, with numbers in place of ids, times and tokens."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    for name, pattern in VARYING.items():
        for number, each in enumerate(dict.fromkeys(re.findall(pattern, text)), 1):
            text = text.replace(each, f"<{name} {number}>")
    return text
