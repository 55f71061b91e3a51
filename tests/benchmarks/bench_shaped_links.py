"""Sums over shaped links of 100 Mbit/s and 5 ms, real ones by 4 and 8 processes, beside 2(n-1)/n * S/B + 2(n-1) * L."""

import statistics
import sys
import tempfile
from pathlib import Path

from workbench.engines.real.links import Links
from workbench.engines.real.supervisor import Supervisor

PROGRAMS = Path(__file__).parents[1] / "engines" / "real"
BYTES_PER_S, LATENCY_S = 100e6 / 8, 5e-3
SIZES = (1 << 20, 4 << 20, 16 << 20)
TIMES = 5


def closed_form_s(members, size):
    return 2 * (members - 1) / members * size / BYTES_PER_S + 2 * (members - 1) * LATENCY_S


def sums_s(members, size, folder):
    """How long the slowest member took for each of some sums."""
    team = [f"w{number}" for number in range(members)]
    arguments = {"play": "summing", "team": team, "size": size, "times": TIMES}
    links = Links(BYTES_PER_S, LATENCY_S)
    supervisor = Supervisor(team, "shaped_programs:cast", arguments, folder, lambda event: None, links=links)
    try:
        while not supervisor.ended:
            supervisor.poll()
        results = supervisor.results()
    finally:
        supervisor.stop()
    assert not supervisor.failure and all(right for right, *_ in results.values()), supervisor.failure
    return [max(took_s) for took_s in zip(*(took_s for _, took_s, _ in results.values()), strict=True)]


def main():
    sys.path.append(str(PROGRAMS))  # as members import
    print(f"{'members':>8} {'bytes':>10} {'closed form':>12} {'median':>10} {'least':>10} {'off':>7}")
    for members in (4, 8):
        for size in SIZES:
            with tempfile.TemporaryDirectory() as folder:
                took_s = sums_s(members, size, Path(folder))
            expected_s, median_s = closed_form_s(members, size), statistics.median(took_s)
            figures = f"{1e3 * expected_s:>9.1f} ms {1e3 * median_s:>7.1f} ms {1e3 * min(took_s):>7.1f} ms"
            print(f"{members:>8} {size:>10,} {figures} {100 * (median_s / expected_s - 1):>+6.1f} %", flush=True)


if __name__ == "__main__":
    main()
