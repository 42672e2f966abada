"""JSON Schema of types as Pydantic makes it, and examples composed of those of their parts."""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from core.operation import Json

REF = "#/components/schemas/"
NOTHING: Any = object()
"""In place of an example, since None is an example of null."""


class _WithoutTitles(GenerateJsonSchema):
    """Leaves out titles that repeat the names of fields."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Return False for every field."""
        return False


class Schemas:
    """The JSON Schema of each type, and the definitions that these refer to."""

    def __init__(self, types: Mapping[Any, JsonSchemaMode]) -> None:
        adapters = [(each, mode, TypeAdapter(each)) for each, mode in types.items()]
        found, rest = TypeAdapter.json_schemas(
            adapters, ref_template=f"{REF}{{model}}", schema_generator=_WithoutTitles
        )
        self.of = {each: schema for (each, _), schema in found.items()}
        self.definitions: Json = rest.get("$defs", {})

    def example(self, kind: Any) -> Any:
        """An example of a type, or NOTHING where a part of it has none."""
        return self._example(self.of[kind])

    def _example(self, schema: Json) -> Any:
        if "examples" in schema:
            return schema["examples"][0]
        if "const" in schema:
            return schema["const"]
        if "$ref" in schema:
            return self._example(self.definitions[schema["$ref"].removeprefix(REF)])
        if "items" in schema:
            item = self._example(schema["items"])
            return NOTHING if item is NOTHING else [item]
        if "properties" in schema:
            parts = {name: self._example(part) for name, part in schema["properties"].items()}
            return NOTHING if NOTHING in parts.values() else parts
        return NOTHING
