"""The benchmarks in tests/bench, one after the other; each says its figures and judges its floors."""

import subprocess

from counts import Counts
from place import BUILD, PYTHON, ROOT, environment


def run():
    total = Counts()
    folder = ROOT / "tests" / "bench"
    for script in sorted([*folder.glob("bench_*.py"), *folder.glob("bench_*.sh")]):
        argv = [PYTHON if script.suffix == ".py" else "bash", str(script)]
        env = environment(LARDER_BIN=str(BUILD / "larder"))
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, env=env, cwd=ROOT, check=False)
        total.add(Counts(passed=1) if done.returncode == 0 else Counts(failed=1))
    return total
