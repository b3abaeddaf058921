#!/usr/bin/env python3
"""Writes the board for Grafana, `deploy/chart/files/board.json`: `deploy/board.py > deploy/chart/files/board.json`."""

import json
import sys

# Of the boards of several releases in one Prometheus: `job` is the scrape's.
OF_JOB = 'job=~"$job"'
WIDTH = 24


def per(function, metric, labels=""):
    """`function` of a counter over the range that fits the width of the graph."""
    selected = ",".join(filter(None, [labels, OF_JOB]))
    return f"{function}({metric}{{{selected}}}[$__rate_interval])"


def of(metric, labels=""):
    selected = ",".join(filter(None, [labels, OF_JOB]))
    return f"{metric}{{{selected}}}"


def alerts_of_a_day(kind):
    return f"sum(increase(kigen_alerts_total{{kind=\"{kind}\",{OF_JOB}}}[1d]))"


# Rows of panels: title, unit, description, and queries with their legends. A panel with one number is a `stat`.
ROWS = [
    ("Verdicts", [
        ("stat", "Missed deadlines, 24 h", "short", "Alerts of deadlines without a good result.",
         [(alerts_of_a_day("slot_missed"), "missed")]),
        ("stat", "Recovered, 24 h", "short", "Missed deadlines whose result came later.",
         [(alerts_of_a_day("slot_recovered"), "recovered")]),
        ("stat", "Judged until", "s", "How far the judged time of the worst cluster is behind: up to half a minute is usual.",
         [(f"max({of('kigen_lag_seconds')})", "behind")]),
        ("stat", "Objectives not in force as written", "short", "`kigen objectives list` names each.",
         [(f"sum(max by (cluster, source) ({of('kigen_objectives_unresolved')}))", "unresolved")]),
        ("stat", "Withdrawals held", "short", "Objectives that vanished at once and wait for a confirmation.",
         [(f"sum({of('kigen_withdrawals_held')})", "held")]),
        ("stat", "Version", "short", "",
         [(f"count by (version) ({of('kigen_build_info')})", "{{version}}")]),
        ("timeseries", "Alerts by kind", "short", "Committed to kigen.alerts.",
         [(f"sum by (kind) ({per('increase', 'kigen_alerts_total')})", "{{kind}}")]),
        ("timeseries", "Messages by kind", "short", "Delivered, left out by `failures`, and without a channel.",
         [(f"sum by (kind) ({per('increase', 'kigen_deliveries_total')})", "{{kind}}"),
          (f"sum by (kind) ({per('increase', 'kigen_alerts_filtered_total')})", "{{kind}}, left out"),
          (f"sum by (kind) ({per('increase', 'kigen_alerts_unrouted_total')})", "{{kind}}, without a channel")]),
    ]),
    ("Time", [
        ("timeseries", "Age of the last tick", "s", "Above 150 s nothing of the shipper's cluster is judged. A standby has 0.",
         [(of("kigen_tick_age_seconds"), "{{instance}}")]),
        ("timeseries", "Lag by cluster", "s", "From the time up to which a cluster is judged until now.",
         [(f"max by (cluster) ({of('kigen_lag_seconds')})", "{{cluster}}")]),
        ("timeseries", "Records not judged yet", "short", "By partition of kigen.events.",
         [(f"max by (partition) ({of('kigen_lag_records')})", "partition {{partition}}")]),
        ("timeseries", "Partitions by state", "short", "A paused one is not judged.",
         [(f"sum by (state) ({of('kigen_partitions')})", "{{state}}")]),
    ]),
    ("Work", [
        ("timeseries", "Facts and events", "ops", "Facts emitted, ticks written, and events judged, a second.",
         [(f"sum({per('rate', 'kigen_facts_total')})", "facts"),
          (f"sum({per('rate', 'kigen_ticks_total')})", "ticks"),
          (f"sum({per('rate', 'kigen_events_judged_total')})", "judged")]),
        ("timeseries", "Commit", "s", "Of alerts, states and positions.",
         [(f"histogram_quantile({quantile}, sum by (le) ({per('rate', 'kigen_commit_seconds_bucket')}))", f"{quantile}")
          for quantile in (0.5, 0.99)]),
        ("timeseries", "Commits", "ops", "",
         [(f"sum by (instance) ({per('rate', 'kigen_commits_total')})", "{{instance}}")]),
        ("timeseries", "Lists and watches", "short", "A list is begun where a watch cannot go on.",
         [(f"sum by (resource) ({per('increase', 'kigen_lists_total')})", "lists of {{resource}}"),
          (f"sum by (resource) ({per('increase', 'kigen_watches_opened_total')})", "watches of {{resource}}")]),
        ("timeseries", "Restored partitions", "short", "By the decision where to resume, and those with a gap before it.",
         [(f"sum by (decision) ({per('increase', 'kigen_recoveries_total')})", "{{decision}}"),
          (f"sum({per('increase', 'kigen_expired_gaps_total')})", "after a gap")]),
        ("timeseries", "Record level", "short", "At which each process writes.",
         [(of("kigen_record_level"), "{{instance}}")]),
    ]),
    ("Problems", [
        ("timeseries", "Requests to the API server that failed", "short", "",
         [(f"sum by (reason) ({per('increase', 'kigen_api_errors_total')})", "{{reason}}")]),
        ("timeseries", "Calls of the log that failed", "short", "They are tried again.",
         [(f"sum by (cause) ({per('increase', 'kigen_log_failures_total')})", "{{cause}}"),
          (f"sum({per('increase', 'kigen_judging_failures_total')})", "rounds repeated"),
          (f"sum by (group) ({per('increase', 'kigen_fenced_total')})", "fenced: {{group}}")]),
        ("timeseries", "Deliveries that failed", "short", "They are tried again.",
         [(f"sum by (reason) ({per('increase', 'kigen_delivery_failures_total')})", "{{reason}}"),
          (f"sum({of('kigen_delivery_blocked_partitions')})", "blocked partitions")]),
        ("timeseries", "Alerts not delivered any more", "short", "",
         [(f"sum by (reason) ({per('increase', 'kigen_alerts_left_out_total')})", "{{reason}}"),
          (f"sum by (topic) ({per('increase', 'kigen_unread_expired_total')})", "removed from {{topic}}")]),
        ("timeseries", "Rejected", "short", "Records that went to kigen.rejects, and objects that could not be used.",
         [(f"sum by (topic, reason) ({per('increase', 'kigen_rejects_total')})", "{{topic}}: {{reason}}"),
          (f"sum by (resource) ({per('increase', 'kigen_rejected_objects_total')})", "{{resource}}")]),
        ("timeseries", "Over quota", "short", "What was left out, since its namespace was over its quota.",
         [(f"sum by (quota) ({per('increase', 'kigen_over_quota_total')})", "{{quota}}")]),
    ]),
]

SIZES = {"stat": (4, 4), "timeseries": (12, 8)}
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def panel(kind, title, unit, description, queries, place):
    made = {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": unit}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + nth), "datasource": SOURCE, "expr": expr, "legendFormat": legend}
            for nth, (expr, legend) in enumerate(queries)
        ],
    }
    if kind == "stat":
        made["options"] = {
            "graphMode": "none",
            "colorMode": "value",
            "justifyMode": "auto",
            "orientation": "auto",
            "percentChangeColorMode": "standard",
            "reduceOptions": {"calcs": ["lastNotNull"]},
            "showPercentChange": False,
            # The version is a label of its metric.
            "textMode": "name" if title == "Version" else "value",
            "wideLayout": True,
        }
    return made


def panels():
    """All panels in rows of the board, each with an id and a place."""
    made, y = [], 0
    for title, row in ROWS:
        made.append({"type": "row", "title": title, "collapsed": False, "gridPos": {"h": 1, "w": WIDTH, "x": 0, "y": y}, "panels": []})
        x, y, height = 0, y + 1, 0
        for kind, *rest in row:
            width, own_height = SIZES[kind]
            if x + width > WIDTH or (height and own_height != height):
                x, y = 0, y + height
            height = own_height
            made.append(panel(kind, *rest, {"h": height, "w": width, "x": x, "y": y}))
            x += width
        y += height
    return [{"id": nth, **one} for nth, one in enumerate(made, 1)]


def variable(name, kind, query, **more):
    return {"name": name, "type": kind, "query": query, "hide": 0, **more}


BOARD = {
    "uid": "kigen",
    "title": "kigen",
    "tags": ["kigen"],
    "schemaVersion": 39,
    "editable": True,
    "time": {"from": "now-24h", "to": "now"},
    "refresh": "1m",
    "annotations": {"list": []},
    "templating": {"list": [
        variable("datasource", "datasource", "prometheus", label="Prometheus"),
        variable("job", "query", "label_values(kigen_build_info, job)", label="Job", datasource=SOURCE, refresh=2,
                 includeAll=True, multi=True, allValue=".*"),
    ]},
    "panels": panels(),
}

json.dump(BOARD, sys.stdout, indent=2, sort_keys=True)
print()
