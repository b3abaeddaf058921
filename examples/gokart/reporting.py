"""The same pipeline, which also reports its numbers: kigen keeps them with the run and checks what an objective expects of them."""

import json
import os

import gokart
from recommend import Recommend

TERMINATION_LOG = os.environ.get("TERMINATION_LOG", "/dev/termination-log")  # the variable is for tests


@Recommend.event_handler("event.core.success")
def report(task):
    with open(TERMINATION_LOG, "w") as log:
        json.dump(task.output().load(), log)


if __name__ == "__main__":
    gokart.run()
