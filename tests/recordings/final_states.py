#!/usr/bin/env python3
"""The final state of each Job in a recording, derived from the raw watch lines and nothing else.

An independent check of kigen's shipper: it shares no code with it, not even the language. It reads one recording
(*.jsonl or *.jsonl.gz) and prints {uid: {batch, phase, ended_at, scheduled_at, failed_pods}}. Instants are in UTC, to the
second. Only Jobs are read, so that what a Job says last is all there is.

usage: final_states.py RECORDING
"""

import gzip
import json
import re
import sys
from datetime import datetime, timezone


def lines(path):
    opened = gzip.open(path, "rt") if path.endswith(".gz") else open(path, encoding="utf-8")
    with opened as recording:
        for line in recording:
            yield json.loads(line)


def utc(text):
    if text is None:
        return None
    instant = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return instant.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def true_condition(job, wanted):
    for condition in job.get("status", {}).get("conditions") or []:
        if condition["type"] == wanted and condition["status"] == "True":
            return condition
    return None


def phase_and_end(job):
    """Complete and Failed end a Job, with status True and wherever they stand; all else only announces."""
    status = job.get("status", {})
    complete = true_condition(job, "Complete")
    if complete:
        return "succeeded", utc(status.get("completionTime") or complete["lastTransitionTime"])
    failed = true_condition(job, "Failed")
    if failed:
        return "failed", utc(failed["lastTransitionTime"])
    if job["spec"].get("suspend"):
        return "suspended", None
    return ("running" if status.get("active", 0) > 0 and status.get("ready", 0) > 0 else "pending"), None


def scheduled_at(job):
    annotations = job["metadata"].get("annotations") or {}
    return utc(annotations.get("batch.kubernetes.io/cronjob-scheduled-timestamp"))


def batch(job):
    """The CronJob that controls it; the label; the CronJob that left it behind; its own name."""
    metadata = job["metadata"]
    for owner in metadata.get("ownerReferences") or []:
        if owner.get("controller") and owner["kind"] == "CronJob":
            return owner["name"]
    label = (metadata.get("labels") or {}).get("kigen.dev/batch")
    if label:
        return label
    made = re.fullmatch(r"(.+)-(\d+)", metadata["name"])
    planned = scheduled_at(job)
    if made and planned:
        minutes = int(datetime.fromisoformat(planned.replace("Z", "+00:00")).timestamp()) // 60
        if int(made[2]) == minutes:
            return made[1]
    return metadata["name"]


def main(path):
    batches, last, deleted = {}, {}, set()
    for line in lines(path):
        if line["stream"] != "jobs":
            continue
        if line["type"] == "LIST":
            listed = {job["metadata"]["uid"]: job for job in line["object"].get("items") or []}
            # What was there before and is not listed was deleted while nobody watched.
            deleted |= set(last) - set(listed)
            changed = listed.values()
        elif line["type"] in ("ADDED", "MODIFIED", "DELETED"):
            changed = [line["object"]]
            if line["type"] == "DELETED":
                deleted.add(line["object"]["metadata"]["uid"])
        else:
            continue
        for job in changed:
            uid = job["metadata"]["uid"]
            batches.setdefault(uid, job["metadata"]["namespace"] + "/" + batch(job))
            last[uid] = job
    states = {}
    for uid, job in last.items():
        phase, ended_at = phase_and_end(job)
        if uid in deleted and phase not in ("succeeded", "failed"):
            phase = "deleted"
        states[uid] = {
            "batch": batches[uid],
            "phase": phase,
            "ended_at": ended_at,
            "scheduled_at": scheduled_at(job),
            "failed_pods": job.get("status", {}).get("failed", 0),
        }
    json.dump(states, sys.stdout, indent=1, sort_keys=True)
    print()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
