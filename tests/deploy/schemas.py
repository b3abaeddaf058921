#!/usr/bin/env python3
"""Writes schemas for kubeconform: of Kubernetes' own kinds from OpenAPI documents (version 2 or 3; of two with the same kind the
later one counts), and of custom resources from their manifests.

Usage: schemas.py FOLDER {OPENAPI.json | CRD.yaml}...
"""

import json
import pathlib
import re
import sys

import yaml

INT_OR_STRING = {"oneOf": [{"type": "string"}, {"type": "integer"}]}
# A quantity may be written as a number, which OpenAPI does not state.
QUANTITY = {"type": ["string", "number"]}


def strict(schema):
    """A schema that refuses the properties that it does not name."""
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-kubernetes-int-or-string") or schema.get("format") == "int-or-string":
        return INT_OR_STRING
    schema = dict(schema)
    for key in ("items", "additionalProperties"):
        if key in schema:
            schema[key] = strict(schema[key])
    for key in ("allOf", "anyOf", "oneOf"):
        if key in schema:
            schema[key] = [strict(choice) for choice in schema[key]]
    if "properties" in schema:
        schema["properties"] = {name: strict(value) for name, value in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            schema.setdefault("additionalProperties", False)
    return schema


def write(folder, group, version, kind, schema):
    name = "-".join([kind.lower(), *([group.split(".")[0]] if group else []), version])
    (folder / f"{name}.json").write_text(json.dumps(schema))


def of_kubernetes(folder, path):
    document = json.loads(path.read_text().replace("#/components/schemas/", "#/definitions/"))
    definitions = document.get("definitions") or document["components"]["schemas"]
    definitions = {name: strict(schema) for name, schema in definitions.items()}
    definitions["io.k8s.apimachinery.pkg.api.resource.Quantity"] = QUANTITY
    for name, definition in definitions.items():
        for kind in definition.get("x-kubernetes-group-version-kind", []):
            schema = {"$ref": f"#/definitions/{name}", "definitions": reached(definitions, name)}
            write(folder, kind["group"], kind["version"], kind["kind"], schema)


def reached(definitions, name):
    """The definitions that this one refers to, over others, too."""
    found, waiting = {}, [name]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = definitions[name]
            waiting += re.findall(r'"#/definitions/([^"]+)"', json.dumps(definitions[name]))
    return found


def of_custom_resources(folder, path):
    for document in yaml.safe_load_all(path.read_text()):
        if document["kind"] != "CustomResourceDefinition":
            continue
        spec = document["spec"]
        for version in spec["versions"]:
            schema = version["schema"]["openAPIV3Schema"]
            schema["properties"]["metadata"] = {"type": "object"}
            write(folder, spec["group"], version["name"], spec["names"]["kind"], strict(schema))


def main():
    folder, *paths = map(pathlib.Path, sys.argv[1:])
    folder.mkdir(parents=True, exist_ok=True)
    for path in paths:
        (of_kubernetes if path.suffix == ".json" else of_custom_resources)(folder, path)


main()
