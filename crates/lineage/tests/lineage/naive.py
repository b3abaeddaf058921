"""The naive judge of an impact: reads true histories, one JSON object a line, and prints for each what follows from the
definitions, with nothing but loops. Instants are minutes.

A world is {"batches": {name: {"slots": [...], "runs": [...]}}, "edges": [...], "of": name, "late": [...] or null,
"results": [from, until] or null, "now": minute, "steps": [...]}; the steps are the plan that is to be checked.
"""

import json
import sys

# How many steps of a plan are left out, one at a time, to show that each is needed.
LEFT_OUT_MAX = 4


def periods_of(batch):
    """The periods of a batch: the slots of its first objective, else its scheduled times."""
    names = sorted({slot["objective"] for slot in batch["slots"]})
    slots = [slot for slot in batch["slots"] if names and slot["objective"] == names[0]]
    return slots or scheduled(batch)


def scheduled(batch):
    runs = [run for run in batch["runs"] if run["scheduled"]]
    runs = runs or [run for run in batch["runs"] if run["mark"] is None]
    times = sorted({run["nominal"] for run in runs})
    befores, afters = [None] + times[:-1], times[1:] + [None]
    return [
        {"objective": None, "from": before, "deadline": at, "opens": at, "closes": after}
        for before, at, after in zip(befores, times, afters)
    ]


def belongs(run, period):
    if run["mark"] is not None:
        return (period["from"] is None or period["from"] < run["mark"]) and run["mark"] <= period["deadline"]
    return period["opens"] <= run["nominal"] and (period["closes"] is None or run["nominal"] < period["closes"])


class World:
    def __init__(self, world):
        self.batches, self.edges = world["batches"], world["edges"]
        self.of, self.late, self.results, self.now = world["of"], world["late"], world["results"], world["now"]
        self.memo = {}

    def period(self, name, run):
        for period in periods_of(self.batches[name]):
            if belongs(run, period):
                return period
        for period in scheduled(self.batches[name]):
            if belongs(run, period):
                return period
        at = run["nominal"] if run["mark"] is None else run["mark"]
        return {"objective": None, "from": None, "deadline": at, "opens": at, "closes": None}

    def due(self, edge, at):
        source = self.batches[edge["source"]]
        ends = {}
        for slot in source["slots"]:
            if edge["objective"] in (None, slot["objective"]) and slot["deadline"] <= at:
                known = ends.get(slot["objective"])
                if known is None or known["deadline"] < slot["deadline"]:
                    ends[slot["objective"]] = slot
        if ends:
            return max(ends.values(), key=lambda slot: (slot["opens"], slot["deadline"]))
        before = [period for period in scheduled(source) if period["opens"] < at]
        if not before:
            return None
        first = before[-1]["opens"]
        for slot in periods_of(source):
            if slot["opens"] <= first and (slot["closes"] is None or first < slot["closes"]):
                return slot
        return before[-1]

    def is_wrong(self, name, run):
        """Whether what a run made is wrong: it was called so, or it read what it should not have read."""
        key = (name, run["uid"])
        if key not in self.memo:
            self.memo[key] = self.is_called_wrong(name, run) or any(
                self.read_wrong(edge, self.seen_from(name, run), run["start"])
                for edge in self.edges
                if edge["reader"] == name
                and edge["from"] <= run["start"]
                and (edge["until"] is None or run["start"] < edge["until"])
            )
        return self.memo[key]

    def is_called_wrong(self, name, run):
        if self.results is None or name != self.of or not run["ok"]:
            return False
        return self.results[0] <= run["end"] < self.results[1]

    def seen_from(self, name, run):
        return run["nominal"] if run["mark"] is None else min(run["nominal"], self.period(name, run)["opens"])

    def state(self, name, period, at):
        """Whether the result of a period is right, wrong or, for no reason that matters, not there."""
        runs = [run for run in self.batches[name]["runs"] if belongs(run, period)]
        runs = [run for run in runs if run["start"] is not None and run["start"] < at]
        ended = [run for run in runs if run["ok"] and run["end"] <= at]
        if ended:
            last = max(ended, key=lambda run: (run["end"], run["start"], run["uid"]))
            return "wrong" if self.is_wrong(name, last) else "right"
        if self.late is not None and name == self.of:
            for late in self.late:
                begins_before = period["closes"] is None or late["opens"] < period["closes"]
                ends_after = late["closes"] is None or period["opens"] < late["closes"]
                if begins_before and ends_after:
                    return "wrong"
        return "wrong" if any(self.is_wrong(name, run) for run in runs) else "none"

    def read_wrong(self, edge, seen_from, at):
        due = self.due(edge, seen_from)
        if due is None:
            return False
        state = self.state(edge["source"], due, at)
        if state != "none":
            return state == "wrong"
        runs = [
            run
            for run in self.batches[edge["source"]]["runs"]
            if run["start"] is not None and run["start"] < at and run["ok"] and run["end"] <= at
            and self.period(edge["source"], run)["opens"] <= due["opens"]
        ]
        if not runs:
            return False
        last = max(runs, key=lambda run: (run["end"], run["start"], run["uid"]))
        return self.is_wrong(edge["source"], last)

    def downstream(self):
        found = {self.of}
        while True:
            more = {edge["reader"] for edge in self.edges if edge["source"] in found} - found
            if not more:
                return sorted(found)
            found |= more

    def affected(self):
        """The runs that are wrong and were not repeated, and the periods that have no good result now."""
        runs, periods = set(), set()
        if self.late is not None:
            for late in self.late:
                if self.state(self.of, late, self.now + 1) == "wrong":
                    periods.add((self.of, late["opens"]))
        for name in self.downstream():
            for run in self.batches[name]["runs"]:
                if run["start"] is None or not self.is_wrong(name, run):
                    continue
                period = self.period(name, run)
                if self.state(name, period, self.now + 1) == "wrong":
                    periods.add((name, period["opens"]))
                    if not self.is_called_wrong(name, run):
                        runs.add(run["uid"])
        return runs, periods

    def after(self, steps, in_waves):
        """The world after the steps: each as long as the others, one after the other or a wave at a time."""
        batches = {name: {**batch, "runs": list(batch["runs"])} for name, batch in self.batches.items()}
        for place, step in enumerate(steps):
            start = self.now + 2 + 2 * (step["wave"] if in_waves else place)
            batches[step["batch"]]["runs"].append(
                {"uid": f"~{place:04}", "nominal": start, "scheduled": False, "mark": step["mark"],
                 "start": start, "end": start + 1, "ok": True}
            )
        return World({
            "batches": batches, "edges": self.edges, "of": self.of, "late": self.late, "results": self.results,
            "now": self.now + 3 + 2 * len(steps),
        })


def main():
    sys.setrecursionlimit(100_000)
    for line in sys.stdin:
        given = json.loads(line)
        world = World(given)
        runs, periods = world.affected()
        steps = given["steps"]
        left = {
            "in order": sorted(world.after(steps, in_waves=False).affected()[1]),
            "in waves": sorted(world.after(steps, in_waves=True).affected()[1]),
        }
        needless = [
            place
            for place in range(0, len(steps), max(1, len(steps) // LEFT_OUT_MAX))
            if not world.after(steps[:place] + steps[place + 1:], in_waves=False).affected()[1]
        ]
        print(json.dumps({"runs": sorted(runs), "periods": sorted(periods), "left": left, "needless": needless}))


main()
