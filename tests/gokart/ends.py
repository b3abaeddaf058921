"""Tasks that end in the ways that the pipeline of examples/gokart cannot be made to end."""

import time

import gokart


class Publish(gokart.TaskOnKart):
    """Whether it is complete cannot be determined."""

    task_namespace = "ml"

    def complete(self):
        raise PermissionError("403 storage.objects.get denied on gs://ml/published")

    def run(self):
        self.dump(1)


class Embed(gokart.TaskOnKart):
    """It needs more of a resource than there is."""

    task_namespace = "ml"
    resources = {"gpu": 2}

    def run(self):
        self.dump(1)


class Slow(gokart.TaskOnKart):
    """It still runs when it is started again."""

    task_namespace = "ml"

    def run(self):
        open("running", "w").close()
        while True:
            time.sleep(1)


if __name__ == "__main__":
    gokart.run()
