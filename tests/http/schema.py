"""The part of JSON Schema that our OpenAPI document uses; anything else in it is an error."""

KNOWN = {"type", "required", "properties", "items", "enum", "description", "example", "format", "$ref"}
TYPES = {
    "object": dict, "array": list, "string": str, "integer": int, "number": (int, float),
    "boolean": bool, "null": type(None),
}


def follow(spec, schema):
    while "$ref" in schema:
        target = spec
        for key in schema["$ref"].removeprefix("#/").split("/"):
            target = target[key]
        schema = target
    return schema


def is_of(value, name):
    if isinstance(value, bool) and name != "boolean":
        return False
    return isinstance(value, TYPES[name])


def faults(spec, schema, value, at="$", complete=False):
    """What is wrong with a value. `complete`: an object may hold only what the schema names."""
    schema = follow(spec, schema)
    unknown = set(schema) - KNOWN
    if unknown:
        return [f"{at}: the schema uses {unknown}, which this reader does not know"]
    names = schema.get("type", [])
    names = [names] if isinstance(names, str) else names
    if names and not any(is_of(value, n) for n in names):
        return [f"{at}: {value!r} is not {' or '.join(names)}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{at}: {value!r} is none of {schema['enum']}"]
    found = []
    if isinstance(value, dict) and "properties" in schema:
        found += [f"{at}: {key} is missing" for key in schema.get("required", []) if key not in value]
        if complete:
            found += [f"{at}: {key} is not in the document" for key in value if key not in schema["properties"]]
        for key, inner in schema["properties"].items():
            if key in value:
                found += faults(spec, inner, value[key], f"{at}.{key}", complete)
    if isinstance(value, list) and "items" in schema:
        for i, item in enumerate(value):
            found += faults(spec, schema["items"], item, f"{at}[{i}]", complete)
    return found
