#!/usr/bin/env python3
"""Applies each bug of mutants.toml to a copy of the sources, and reports after how many slots the simulator finds it.

SLOTS is how many slots each may take (1,000,000), MUTANT a text in the names of those that are tried, PROFILE the profile of
the build (that of the tests, of which most is built already; `sim` is faster where many slots are needed). The exit code is 1
if one is not found. A bug that does not compile is an error of the list.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
COPY = TARGET / "mutants"
CARGO = os.environ.get("CARGO", "cargo")
PROFILE = os.environ.get("PROFILE", "test")
SLOTS = int(os.environ.get("SLOTS", 1_000_000))
SEED = os.environ.get("SEED", "1")


def built() -> subprocess.CompletedProcess:
    # As for the tests, so that the dependencies are those that the tests have built.
    command = [CARGO, "test", "--quiet", "--locked", "--profile", PROFILE, "--no-run", "--test", "simulator"]
    environment = os.environ | {"CARGO_TARGET_DIR": str(TARGET)}
    return subprocess.run(command, cwd=COPY, capture_output=True, text=True, env=environment)


def simulated() -> tuple[bool, str]:
    binary = TARGET / ("debug" if PROFILE in ("dev", "test") else PROFILE) / "simulate"
    environment = os.environ | {"SEED": SEED, "SLOTS": str(SLOTS), "SHRINK": "0"}
    run = subprocess.run([binary], capture_output=True, text=True, env=environment)
    slots = re.search(r"^(\d+) of \d+ slots", run.stdout, re.MULTILINE)
    how = re.search(r"fails: (\w+)", run.stdout)
    panic = re.search(r"panicked at (.*)", run.stderr)
    how = how.group(1) if how else f"panic {panic.group(1)}" if panic else f"exit {run.returncode}"
    return run.returncode != 0, f"{slots.group(1) if slots else '?'} slots, {how}"


def main() -> int:
    mutants = tomllib.loads((ROOT / "crates/simulator/mutants/mutants.toml").read_text())["mutant"]
    wanted = os.environ.get("MUTANT", "")
    mutants = [mutant for mutant in mutants if wanted in mutant["name"]]
    shutil.rmtree(COPY, ignore_errors=True)
    COPY.mkdir(parents=True)
    archive = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, archive.split("\0")):
        if (ROOT / name).is_file():
            (COPY / name).parent.mkdir(parents=True, exist_ok=True)
            # Newer than what an earlier run has built of a bug, which Cargo would take for current else.
            shutil.copy(ROOT / name, COPY / name)
    missed = 0
    for number, mutant in enumerate(mutants, 1):
        path = COPY / mutant["file"]
        source = path.read_text()
        if source.count(mutant["old"]) != 1:
            sys.exit(f"{mutant['name']}: {mutant['file']} has its text {source.count(mutant['old'])} times")
        path.write_text(source.replace(mutant["old"], mutant["new"]))
        build = built()
        if build.returncode != 0:
            sys.exit(f"{mutant['name']} does not compile:\n{build.stderr}")
        found, how = simulated()
        path.write_text(source)
        missed += not found
        print(f"{number:3} {'found' if found else 'NOT FOUND'} ({how}): {mutant['name']}", flush=True)
    print(f"{len(mutants) - missed} of {len(mutants)} found")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
