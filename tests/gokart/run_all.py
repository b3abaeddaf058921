"""Runs gokart pipelines to each of their ends, and prints of each a line of JSON: name, exit code, and the termination message
that a kubelet would keep under the policy FallbackToLogsOnError."""

import json
import os
import pathlib
import subprocess
import sys
import sysconfig
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).parents[2]
EXAMPLE = REPOSITORY / "examples" / "gokart"
TESTS = REPOSITORY / "tests" / "gokart"
# Kubernetes documentation, "Determine the Reason for Pod Failure": 2048 bytes or 80 lines of the log, whichever is smaller.
LOG_BYTES_MAX = 2048
LOG_LINES_MAX = 80
LOCKING = "[core]\nno_lock = false\nlock_pid_dir = ./locks\n"


def command(folder, script, task):
    """A pipeline in this folder, and its environment."""
    environment = {
        **os.environ,
        "PRICES": str(folder / "prices.txt"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TASK_WORKSPACE_DIRECTORY": str(folder / "resources"),
        "TERMINATION_LOG": str(folder / "termination-log"),
    }
    if (folder / "luigi.cfg").exists():
        environment["LUIGI_CONFIG_PATH"] = str(folder / "luigi.cfg")
    return [sys.executable, str(script), task, "--local-scheduler"], {"cwd": folder, "env": environment}


def end(name, script, task, prices=None, running=False):
    """Runs it, and prints how it ended."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        if prices is not None:
            (folder / "prices.txt").write_text(prices)
        first = None
        if running:
            (folder / "luigi.cfg").write_text(LOCKING)
            args, options = command(folder, script, task)
            first = subprocess.Popen(args, **options, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while not (folder / "running").exists() and first.poll() is None:
                time.sleep(0.05)
        try:
            args, options = command(folder, script, task)
            ended = subprocess.run(args, **options, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=100)
        finally:
            if first is not None:
                first.kill()
                first.wait()
        message = ""
        if (folder / "termination-log").exists():
            message = (folder / "termination-log").read_text()
        elif ended.returncode != 0:
            log = in_container(ended.stdout.decode())
            if first is not None:
                log = log.replace(str(first.pid), "7")
            log = "\n".join(log.splitlines()[-LOG_LINES_MAX:])
            message = log.encode()[-LOG_BYTES_MAX:].decode(errors="ignore")
        print(json.dumps({"name": name, "exit_code": ended.returncode, "message": message}))


def in_container(log):
    """The log with the paths that an image has."""
    for folder in (EXAMPLE, TESTS):
        log = log.replace(f"{folder}/", "/app/")
    return log.replace(sysconfig.get_paths()["purelib"], "/usr/local/lib/python3/site-packages")


PIPELINE = EXAMPLE / "recommend.py"
ENDS = TESTS / "ends.py"
end("good", PIPELINE, "ml.Recommend", prices="1\n3\n")
end("reporting", EXAMPLE / "reporting.py", "ml.Recommend", prices="1\n3\n")
end("already-running", ENDS, "ml.Slow", running=True)
end("missing-data", PIPELINE, "ml.Recommend")
end("not-run", ENDS, "ml.Embed")
end("task-failed", PIPELINE, "ml.Recommend", prices="")
end("scheduling-error", ENDS, "ml.Publish")
