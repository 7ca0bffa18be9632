"""Google's own description of the API as JSON schemas."""

import json
from functools import cache
from typing import Any

import jsonschema
from googleapiclient import discovery_cache

FORMATS = {
    "uint64": r"^\d{1,20}$",
    "int64": r"^-?\d{1,19}$",
    "byte": r"^[A-Za-z0-9_-]*={0,2}$",
}


def _strict(schema: Any) -> Any:
    """A discovery schema in JSON schema's words: no unknown properties, 64-bit numbers as strings of digits."""
    if isinstance(schema, list):
        return [_strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _strict(value) for key, value in schema.items() if key in ("type", "properties", "items", "enum")}
    if "$ref" in schema:
        return {"$ref": f"#/definitions/{schema['$ref']}"}
    if schema.get("format") in FORMATS and schema.get("type") == "string":
        found["pattern"] = FORMATS[schema["format"]]
    if isinstance(found.get("properties"), dict):
        found["properties"] = {name: _strict(value) for name, value in schema["properties"].items()}
        found["additionalProperties"] = False
    return found


@cache
def _validator(name: str) -> Any:
    document = json.loads(discovery_cache.get_static_doc("gmail", "v1"))
    definitions = {known: _strict(schema) for known, schema in document["schemas"].items()}
    return jsonschema.Draft7Validator({"$ref": f"#/definitions/{name}", "definitions": definitions})


def check(name: str, value: Any) -> Any:
    """`value`, if it is what Google calls `name`."""
    _validator(name).validate(value)
    return value
