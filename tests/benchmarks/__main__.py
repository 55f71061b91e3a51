"""`make bench`: runs every benchmark of this folder, one after the other, and lets each print its figures."""

import runpy
from pathlib import Path

for path in sorted(Path(__file__).parent.glob("bench_*.py")):
    print(f"\n== {path.stem.removeprefix('bench_')}", flush=True)
    runpy.run_path(str(path), run_name="__main__")
