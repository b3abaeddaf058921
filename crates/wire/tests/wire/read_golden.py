"""Reads every golden file with Apache Avro's Python library, and reports what differs from what kigen reads.

It has nothing of kigen but the folder of schemas: the fingerprint in each record's header is computed here, by the
rules of the Avro specification (parsing canonical form, CRC-64-AVRO), and finds the schema to read with.
"""

import datetime
import io
import json
import pathlib
import sys

import avro.io
import avro.schema

EMPTY = 0xC15D213AA4D7A795
KEPT = ("name", "type", "fields", "symbols", "items", "values", "size")


def table():
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ (EMPTY if byte & 1 else 0)
        yield byte


TABLE = list(table())


def canonical(schema, namespace=""):
    """The parsing canonical form of a schema, as an object whose keys are in order."""
    if isinstance(schema, list):
        return [canonical(branch, namespace) for branch in schema]
    if isinstance(schema, str):
        primitives = ("null", "boolean", "int", "long", "float", "double", "bytes", "string")
        return schema if schema in primitives or "." in schema else f"{namespace}.{schema}"
    if "name" in schema:
        namespace = schema.get("namespace", namespace)
    kept = {key: schema[key] for key in KEPT if key in schema}
    if list(kept) == ["type"]:
        return canonical(kept["type"], namespace)
    if "name" in kept:
        kept["name"] = f"{namespace}.{kept['name']}"
    if "fields" in kept:
        kept["fields"] = [
            {"name": field["name"], "type": canonical(field["type"], namespace)} for field in kept["fields"]
        ]
    if "items" in kept:
        kept["items"] = canonical(kept["items"], namespace)
    return kept


def fingerprint(schema):
    text = json.dumps(canonical(schema), separators=(",", ":"), ensure_ascii=False)
    value = EMPTY
    for byte in text.encode():
        value = (value >> 8) ^ TABLE[(value ^ byte) & 0xFF]
    return value.to_bytes(8, "little")


def plain(value):
    """A datum in the words of kigen's JSON."""
    if isinstance(value, dict):
        return {key: plain(field) for key, field in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, datetime.datetime):
        text = value.astimezone(datetime.timezone.utc).isoformat(timespec="milliseconds")
        return text.replace("+00:00", "Z").replace(".000Z", "Z")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value


def without_kinds(value):
    """kigen's JSON without the names of a union's records, which the library does not return."""
    if isinstance(value, dict):
        return {key: without_kinds(field) for key, field in value.items() if key != "type"}
    if isinstance(value, list):
        return [without_kinds(item) for item in value]
    return value


def main(folder):
    schemas = {}
    for path in sorted(folder.glob("*/v*.avsc")):
        text = path.read_text()
        schemas[path.parent.name, fingerprint(json.loads(text))] = avro.schema.parse(text)
    records, topics = 0, set()
    for path in sorted(folder.glob("*/v*.golden")):
        topic = path.parent.name
        for line in path.read_text().splitlines():
            golden = json.loads(line)
            data = bytes.fromhex(golden["bytes"])
            assert data[:2] == b"\xc3\x01", f"{path}: {golden['name']}: no marker"
            schema = schemas[topic, data[2:10]]
            rest = io.BytesIO(data[10:])
            read = plain(avro.io.DatumReader(schema).read(avro.io.BinaryDecoder(rest)))
            assert not rest.read(), f"{path}: {golden['name']}: bytes are left"
            expected = without_kinds(golden["reads"])
            assert read == expected, f"{path}: {golden['name']}:\n{read}\nis not\n{expected}"
            records += 1
            topics.add(topic)
    print(f"{records} records of {len(topics)} topics")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
