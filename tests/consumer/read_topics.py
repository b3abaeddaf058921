"""Reads kigen's topics with nothing of kigen but its folder `schemas/`, and prints the alerts that need action.

    pip install confluent-kafka fastavro
    python3 read_topics.py --brokers localhost:9092 --schemas schemas
    python3 read_topics.py --brokers localhost:9092 --registry http://localhost:8081
    python3 read_topics.py --brokers localhost:9092 --schemas schemas --json kigen.status

Values are in Avro's single-object encoding, for which `schemas/` is enough, or, where kigen has a schema registry configured,
in Confluent's wire format. One topic may have both.
"""

import argparse
import base64
import io
import json
import os
import pathlib
import sys
import urllib.request

import confluent_kafka
import fastavro

TOPICS = ["kigen.events", "kigen.alerts", "kigen.status", "kigen.rejects", "kigen.control", "kigen.deliveries"]


class Schemas:
    """The schemas that values name: by fingerprint in a folder, or by number in a registry."""

    def __init__(self, folder, registry):
        self.registry = registry
        self.by_number = {}
        self.by_fingerprint = {}
        if folder:
            for line in (folder / "fingerprints.txt").read_text().splitlines():
                topic, version, fingerprint = line.split()
                schema = json.loads((folder / topic / f"{version}.avsc").read_text())
                self.by_fingerprint[bytes.fromhex(fingerprint)] = fastavro.parse_schema(schema)

    def of(self, value):
        """The encoding of a value, the schema that it was written with, and its datum."""
        if value[:2] == b"\xc3\x01" and value[2:10] in self.by_fingerprint:
            return "single-object", self.by_fingerprint[value[2:10]], value[10:]
        if value[:1] == b"\x00" and len(value) >= 5 and self.registry:
            return "confluent", self.numbered(int.from_bytes(value[1:5], "big")), value[5:]
        raise ValueError(f"no schema is known for a value that begins with {value[:10].hex(' ')}")

    def numbered(self, number):
        if number not in self.by_number:
            request = urllib.request.Request(f"{self.registry.rstrip('/')}/schemas/ids/{number}")
            user, password = os.environ.get("REGISTRY_USER"), os.environ.get("REGISTRY_PASSWORD")
            if user:
                credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
                request.add_header("Authorization", f"Basic {credentials}")
            with urllib.request.urlopen(request, timeout=10) as answer:
                schema = json.loads(json.load(answer)["schema"])
            self.by_number[number] = fastavro.parse_schema(schema)
        return self.by_number[number]

    def read(self, value):
        encoding, schema, datum = self.of(value)
        # A record of a union comes with its name, which identifies the branch.
        record = fastavro.schemaless_reader(
            io.BytesIO(datum), schema, return_record_name=True, return_record_name_override=True
        )
        return encoding, record


def messages(brokers, topics, follow):
    """All that is committed in these topics, from their beginning to their end, or on and on."""
    consumer = confluent_kafka.Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": "not used: the partitions are assigned",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": not follow,
        }
    )
    there = consumer.list_topics(timeout=10).topics
    partitions = [
        confluent_kafka.TopicPartition(topic, partition, confluent_kafka.OFFSET_BEGINNING)
        for topic in topics
        for partition in there[topic].partitions
    ]
    consumer.assign(partitions)
    unfinished = len(partitions)
    while unfinished:
        message = consumer.poll(10)
        if message is None:
            continue
        if not message.error():
            yield message
        elif message.error().code() == confluent_kafka.KafkaError._PARTITION_EOF:
            unfinished -= 1
        else:
            raise SystemExit(f"Kafka: {message.error()}")
    consumer.close()


def violation(alert):
    """A line about an alert that needs action; nothing for a recovery or a retraction."""
    kind, body = alert["body"]
    kind = kind.removeprefix("dev.kigen.")
    batch = f"{alert['cluster']}/{alert['namespace']}/{alert['batch']}"
    owner = f" ({alert['owner']})" if alert["owner"] else ""
    if kind == "SlotMissed":
        cause = body["cause"][0].removeprefix("dev.kigen.Cause")
        return f"missed   {body['slot']['deadline']:%Y-%m-%d %H:%M} UTC  {batch}: {cause}{owner}"
    if kind == "SlotUnknown" and body.get("slots", 1) > 1:
        return f"unknown  {body['slot']['deadline']:%Y-%m-%d %H:%M} UTC  {batch}: {body['slots']} deadlines not observed{owner}"
    if kind == "SlotUnknown":
        return f"unknown  {body['slot']['deadline']:%Y-%m-%d %H:%M} UTC  {batch}: not observed{owner}"
    if kind == "FailedRun":
        return f"failed   {alert['decided_at']:%Y-%m-%d %H:%M} UTC  {batch}: {body['reason']}{owner}"
    return None


def main():
    arguments = argparse.ArgumentParser(description="Reads kigen's topics.")
    arguments.add_argument("--brokers", required=True, help="Kafka's brokers, as host:port")
    arguments.add_argument("--schemas", type=pathlib.Path, help="kigen's folder `schemas`, for values that need no registry")
    arguments.add_argument("--registry", help="the schema registry; REGISTRY_USER and REGISTRY_PASSWORD if it requires them")
    arguments.add_argument("--json", nargs="+", metavar="TOPIC", choices=TOPICS, help="print these topics' records whole")
    arguments.add_argument("--follow", action="store_true", help="wait for new records")
    chosen = arguments.parse_args()
    schemas = Schemas(chosen.schemas, chosen.registry)
    for message in messages(chosen.brokers, chosen.json or ["kigen.alerts"], chosen.follow):
        if message.value() is None:
            continue
        place = {"topic": message.topic(), "partition": message.partition(), "offset": message.offset()}
        try:
            encoding, record = schemas.read(message.value())
        except Exception as error:
            # A newer kigen's, or something else's: one record that cannot be read stops no other.
            print(f"not read: {place}: {error!r}", file=sys.stderr)
            continue
        if chosen.json:
            whole = place | {"encoding": encoding, "key": message.key().decode(), "value": record}
            print(json.dumps(whole, default=str))
        elif line := violation(record):
            print(line, flush=True)


if __name__ == "__main__":
    main()
