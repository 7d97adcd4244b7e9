"""What editors and the docs say of a configuration, made from its sections."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from mitosyn.config.settings import Config

# Pydantic's words for bounds of what a validator of ours reads first.
BOUNDS = {"gt": "exclusiveMinimum", "ge": "minimum", "le": "maximum"}


def config_schema() -> dict[str, Any]:
    """Return the JSON Schema of a whole configuration, for editors."""
    plain = json.loads(json.dumps(Config.model_json_schema()), object_hook=_tidy)
    title = "Configuration of the workflow"
    return {"$schema": "http://json-schema.org/draft-07/schema#", "title": title, **plain}


def _tidy(node: dict[str, Any]) -> dict[str, Any]:
    """Put a text into one line, the pattern of keys beside what is said of them.

    Titles are left out, which are the keys again, and that what is not there is null.
    """
    if isinstance(node.get("description"), str):
        node["description"] = " ".join(node["description"].split())
    for pattern, values in node.pop("patternProperties", {}).items():
        node["propertyNames"]["pattern"], node["additionalProperties"] = pattern, values
    plain = {BOUNDS.get(key, key): value for key, value in node.items() if key != "title"}
    return {key: value for key, value in plain.items() if (key, value) != ("default", None)}


def with_key_tables(page: str) -> str:
    """Return a page of the docs with its tables of keys made anew.

    They stand between ``<!-- keys of SECTION -->`` and ``<!-- end -->``.
    """
    schema = config_schema()
    sections = {"Config": schema, **schema["$defs"]}

    def table(match: re.Match[str]) -> str:
        rows = "\n".join(_rows(sections[match[1]], sections))
        text = f"| key | default | meaning |\n| --- | --- | --- |\n{rows}"
        return f"<!-- keys of {match[1]} -->\n\n{text}\n\n<!-- end -->"

    return re.sub(r"<!-- keys of (\w+) -->.*?<!-- end -->", table, page, flags=re.DOTALL)


def _rows(section: dict[str, Any], sections: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield a row for each key of a section, followed by those of a section below it."""
    published = section.get("else", {}).get("else", {})
    needed = (*section.get("required", []), *published.get("required", []))
    for key, form in section["properties"].items():
        below = [part["$ref"] for part in (form, *form.get("anyOf", [])) if "$ref" in part]
        default = form.get("default", "")
        text = default if isinstance(default, str) else json.dumps(default)
        shown = "needed" if key in needed else f"`{text}`" if text and not below else ""
        meaning = re.sub(r"docs/([\w-]+\.md)(#[\w-]+)?", r"[\1](\1\2)", form["description"])
        yield f"| `{prefix}{key}` | {shown} | {meaning} |"
        for name in below:
            yield from _rows(sections[name.split("/")[-1]], sections, f"{prefix}{key}.")
