"""A gokart pipeline that knows nothing of kigen: prices, which another team writes, become recommendations."""

import os

import gokart
import luigi
from gokart.target import make_target


class Prices(luigi.ExternalTask):
    """The table that another team's batch writes."""

    task_namespace = "dwh"

    def output(self):
        return make_target(os.environ["PRICES"])


class Recommend(gokart.TaskOnKart):
    """The result that others read at noon."""

    task_namespace = "ml"

    def requires(self):
        return Prices()

    def run(self):
        prices = [float(line) for line in self.input().load()]
        if not prices:
            raise ValueError("the table of prices is empty")
        self.dump({"rows": len(prices), "mean_price": sum(prices) / len(prices)})


if __name__ == "__main__":
    gokart.run()
