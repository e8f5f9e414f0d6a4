"""Every fuzz target for a while, from its seeds, two at a time.

LARDER_FUZZ_SECONDS changes the 60 seconds. Inputs that broke something are kept in
build/fuzz/findings; the mended one belongs among the seeds in tests/fuzz.
"""

import concurrent.futures
import os
import re
import subprocess
import tempfile

from counts import Counts
from place import BUILD, JOBS, ROOT, environment

SECONDS = int(os.environ.get("LARDER_FUZZ_SECONDS", "60"))


def run_one(program, seeds, findings):
    dictionary = ROOT / (seeds + ".dict")
    with tempfile.TemporaryDirectory(prefix="larder-fuzz-") as found:
        argv = [str(BUILD / "fuzz" / program), f"-max_total_time={SECONDS}", "-timeout=20", "-rss_limit_mb=2048",
                "-print_final_stats=1", f"-artifact_prefix={findings}/", found, str(ROOT / seeds)]
        if dictionary.exists():
            argv.insert(1, f"-dict={dictionary}")
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env={**environment("fuzz"), "TMPDIR": found}, cwd=found, check=False)
    runs = re.search(rb"stat::number_of_executed_units: (\d+)", done.stdout)
    return done.returncode == 0 and runs is not None, int(runs[1]) if runs else 0, done.stdout


def run():
    findings = BUILD / "fuzz" / "findings"
    findings.mkdir(exist_ok=True)
    total = Counts()
    rows = [line.split(" ") for line in (BUILD / "fuzz" / "fuzz.list").read_text().split("\n") if line]
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        jobs = [(program, pool.submit(run_one, program, seeds, findings)) for program, seeds in rows]
        for program, job in jobs:
            good, runs, output = job.result()
            total.add(Counts(passed=1) if good else Counts(failed=1))
            if not good:
                print(output.decode("utf-8", "replace")[-12000:])
            print(f"  {program}: {'nothing found' if good else 'FOUND SOMETHING'}, {runs} inputs", flush=True)
    return total
