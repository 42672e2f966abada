"""The OpenAPI document of a running program, read by the names of its operations."""

import json
import re
from typing import Any

import httpx

Json = dict[str, Any]

PLACES = {  # what differs from answer to answer
    "token": r"eyJ[\w-]+\.[\w…-]+\.[\w-]+",
    "id": r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b",
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z",
    "request": r"\b[0-9a-f]{20}\b",
}


def normal(content: object) -> str:
    """Ids, times and tokens give way to names: what is the same has the same, in order."""
    text = (
        content
        if isinstance(content, str)
        else json.dumps(content, sort_keys=True, ensure_ascii=False)
    )
    for name, pattern in PLACES.items():
        found = list(dict.fromkeys(re.findall(pattern, text)))
        for number, each in enumerate(found, 1):
            text = text.replace(each, f"<{name} {number}>")
    return text


class Documented:
    """What the document says of each operation."""

    def __init__(self, http: httpx.Client) -> None:
        self.content: Json = http.get("/openapi.json").json()
        self.operations: dict[str, Json] = {
            operation["operationId"]: operation | {"method": method.upper(), "path": path}
            for path, methods in self.content["paths"].items()
            for method, operation in methods.items()
        }

    def examples(self, name: str) -> dict[int, set[str]]:
        """The answers of an operation by status; nothing stands for an empty one."""
        responses = self.operations[name]["responses"]
        return {int(status): set(map(normal, _shown(each))) for status, each in responses.items()}

    def headers(self, name: str, status: int) -> dict[str, Json]:
        """The Header Objects of an answer."""
        named = self.operations[name]["responses"][str(status)]["headers"]
        assert named == {each: {"$ref": f"#/components/headers/{each}"} for each in named}
        return {each: self.content["components"]["headers"][each] for each in named}

    def request(self, name: str) -> Json:
        """The example of a body that the operation takes."""
        schema = self.operations[name]["requestBody"]["content"]["application/json"]["schema"]
        kind = schema["$ref"].rpartition("/")[2]
        example: Json = self.content["components"]["schemas"][kind]["examples"][0]
        return example


def _shown(response: Json) -> list[object]:
    if "content" not in response:
        return []
    media = response["content"]["application/json"]
    if "example" in media:
        return [media["example"]]
    return [each["value"] for each in media.get("examples", {}).values()]
