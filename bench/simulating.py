"""The simulator measured (推演): seeds a second, each with its own ledgers, faults and last checks."""

import time

from bench.rows import Places, Row
from tests import memory
from tests.simulation.running import Simulation, beginning


def simulating(place: Places) -> list[Row]:
    """How many seeds of two provinces one core runs in a second."""
    beginning(2)
    seeds = place.size(30, 2)
    begun = time.perf_counter()
    for seed in range(seeds):
        with memory.folder("liangdi-seed-") as folder:
            Simulation(seed, folder).run()
    rate = seeds / (time.perf_counter() - begun)
    return [Row("simulated seeds, one core", "sqlite", rate, "seeds/s")]
