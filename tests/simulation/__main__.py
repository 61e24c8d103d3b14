"""`python -m tests.simulation [--seeds N] [--from N] [--seed N] [--nodes 2|3]`: seeds, one by one."""

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from os import cpu_count

from tests import memory
from tests.simulation.running import STEPS, Failed, Simulation


def one(seed: int, nodes: int | None = None, steps: int = STEPS) -> tuple[int, str, list[str]]:
    """(seed, what broke or nothing, its steps)."""
    try:
        with memory.folder("liangdi-seed-") as folder:
            done = Simulation(seed, folder, nodes or (3 if seed % 4 == 3 else 2), steps).run()
    except Failed as failed:
        return seed, str(failed), failed.trace
    return seed, "", done.trace


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--from", type=int, default=0, dest="first")
    parser.add_argument("--seed", type=int, help="one seed, with all its steps")
    parser.add_argument("--nodes", type=int, choices=(2, 3))
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--jobs", type=int, default=cpu_count() or 1)
    asked = parser.parse_args()
    if asked.seed is not None:
        _, broken, trace = one(asked.seed, asked.nodes, asked.steps)
        print(broken or "\n".join(trace))
        return bool(broken)
    begun, failed = time.monotonic(), 0
    work = partial(one, nodes=asked.nodes, steps=asked.steps)
    seeds = range(asked.first, asked.first + asked.seeds)
    with ProcessPoolExecutor(asked.jobs) as pool:
        for count, (_, broken, _) in enumerate(pool.map(work, seeds, chunksize=4), 1):
            if broken:
                failed += 1
                print(broken, flush=True)
            if count % 20 == 0 or count == asked.seeds:
                rate = count / (time.monotonic() - begun)
                print(f"{count} seeds, {failed} failed, {rate:.1f} a second", flush=True)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
