#!/usr/bin/env python3
"""The final state of each Job in a recording, or of each Pod of a Job, derived from the raw watch lines and nothing else.

An independent check of kigen's shipper: it shares no code with it, not even the language. It reads one recording
(*.jsonl or *.jsonl.gz) and prints {uid: {batch, phase, ended_at, scheduled_at, failed_pods, reason}} of its Jobs, from
the stream of Jobs alone, or, with --attempts, {uid: {run, phase, exit_code, reason, node, restarts, metrics}} of its
Pods. Instants are in UTC, to the second.

usage: final_states.py [--attempts] RECORDING
"""

import gzip
import json
import math
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


def jobs(path):
    batches, last, deleted = {}, {}, set()
    for line in lines(path):
        if line.get("stream") != "jobs":
            continue
        if line["type"] == "LIST":
            listed = {job["metadata"]["uid"]: job for job in line["object"].get("items") or []}
            # What was there before and is not listed was deleted while the watch was down.
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
            "reason": true_condition(job, "Failed")["reason"] if phase == "failed" else None,
        }
    return states


def job_of(pod):
    """By its controller; of a Job that left it behind by the label."""
    metadata = pod["metadata"]
    for owner in metadata.get("ownerReferences") or []:
        if owner.get("controller") and owner["kind"] == "Job":
            return owner["uid"]
    return (metadata.get("labels") or {}).get("batch.kubernetes.io/controller-uid")


def ends(pod):
    """How each container ended that ended badly.

    Of a pod that is being deleted, the kill hides how a container ended before it was restarted last.
    """
    status = pod.get("status", {})
    for container in (status.get("containerStatuses") or []) + (status.get("initContainerStatuses") or []):
        now = container.get("state", {}).get("terminated")
        before = container.get("lastState", {}).get("terminated")
        if "deletionTimestamp" in pod["metadata"] and before and before["exitCode"] != 0:
            if not now or now["exitCode"] != 0:
                yield before
                continue
        if now and now["exitCode"] != 0:
            yield now


def why_failed(pod):
    """The exit code of the container that ended first, and the most informative reason."""
    status = pod["status"]
    disruptions = [
        condition.get("reason")
        for condition in status.get("conditions") or []
        if condition["type"] == "DisruptionTarget" and condition["status"] == "True"
    ]
    of_pod = [status.get("reason"), *disruptions]
    first = min(ends(pod), key=lambda end: utc(end.get("finishedAt")) or "9999", default={})
    reason = first.get("reason")
    is_informative = reason not in (None, "Error", "Completed", "ContainerStatusUnknown")
    reasons = [reason] if is_informative else [*of_pod, reason]
    return first.get("exitCode"), next((reason for reason in reasons if reason), None)


def metrics(pod):
    """What containers left as a JSON object of numbers when they ended."""
    numbers = {}
    status = pod.get("status", {})
    for container in (status.get("initContainerStatuses") or []) + (status.get("containerStatuses") or []):
        message = (container.get("state", {}).get("terminated") or {}).get("message") or ""
        try:
            reported = json.loads(message)
        except ValueError:
            continue
        if isinstance(reported, dict) and all(
            type(number) in (int, float) and math.isfinite(number) for number in reported.values()
        ):
            numbers.update({name: float(number) for name, number in reported.items()})
    return numbers


def attempts(path):
    known = set(jobs(path))
    last, deleted = {}, set()
    for line in lines(path):
        if line.get("stream") != "pods":
            continue
        if line["type"] == "LIST":
            changed = line["object"].get("items") or []
        elif line["type"] in ("ADDED", "MODIFIED", "DELETED"):
            changed = [line["object"]]
            if line["type"] == "DELETED":
                deleted.add(line["object"]["metadata"]["uid"])
        else:
            continue
        for pod in changed:
            if job_of(pod) in known:
                last[pod["metadata"]["uid"]] = pod
    states = {}
    for uid, pod in last.items():
        status = pod.get("status", {})
        own = status.get("containerStatuses") or []
        every = own + (status.get("initContainerStatuses") or [])
        phase = {"Succeeded": "succeeded", "Failed": "failed", "Running": "running"}.get(status.get("phase"), "waiting")
        is_running = any("running" in container.get("state", {}) for container in own)
        if phase == "running" and not is_running and any("waiting" in container.get("state", {}) for container in every):
            phase = "waiting"
        exit_code, reason = why_failed(pod) if phase == "failed" else (None, None)
        if uid in deleted and phase in ("running", "waiting"):
            # It was killed, and nothing states how.
            phase, exit_code, reason = "failed", None, "Deleted"
        states[uid] = {
            "run": job_of(pod),
            "phase": phase,
            "exit_code": exit_code,
            "reason": reason,
            "node": pod["spec"].get("nodeName"),
            "restarts": sum(container.get("restartCount", 0) for container in every),
            "metrics": metrics(pod),
        }
    return states


def main(arguments):
    of_pods = arguments[0] == "--attempts"
    states = attempts(arguments[1]) if of_pods else jobs(arguments[0])
    json.dump(states, sys.stdout, indent=1, sort_keys=True)
    print()


if __name__ == "__main__":
    if len(sys.argv) != (3 if "--attempts" in sys.argv else 2):
        sys.exit(__doc__)
    main(sys.argv[1:])
