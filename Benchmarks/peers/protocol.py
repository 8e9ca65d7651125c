"""The protocol of `escapement bench --driven`, spoken by the other side.

A program sets up, warms up and prints `ready {"case":…,"unit":…,"work":…}`; then it runs once for each line that it
reads and prints the seconds that the run took; at the end of input it prints `{"peak_rss_bytes":…}` and ends.
"""

import argparse
import json
import os
import sys
import time

WARM_UPS = 3

# glibc gives large freed blocks back to the system at once and faults every page in anew at the next allocation, which
# costs a training step up to a third of its time. Escapement keeps freed memory, so its peers may keep theirs: no block
# comes from mmap, and the heap is never trimmed. `--malloc default` leaves glibc alone.
KEPT_MEMORY = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(1 << 40),
    "MALLOC_TOP_PAD_": str(64 << 20),
}


def fail(text, status=64):
    """Ends with one line on standard error."""
    print(f"{os.path.basename(sys.argv[0])}: {text}", file=sys.stderr)
    sys.exit(status)


class Parser(argparse.ArgumentParser):
    """Wrong usage is one line and exit code 64."""

    def error(self, message):
        fail(message)


def arguments(description):
    """The command line: CASE --threads N [--variant V] [--malloc kept|default]."""
    parser = Parser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--variant", default="")
    parser.add_argument("--malloc", choices=["kept", "default"], default="kept")
    options = parser.parse_args()
    if not 1 <= options.threads <= 256:
        fail(f"--threads is {options.threads}, expected 1 to 256")
    return options


def environment(options):
    """Starts the program again under the environment it needs, which libraries read only once at their start."""
    wanted = {name: str(options.threads) for name in
              ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    if options.malloc == "kept":
        wanted.update(KEPT_MEMORY)
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        os.environ.update(wanted)
        os.execv(sys.executable, [sys.executable] + sys.argv)


def peak_resident_bytes():
    """VmHWM: the largest memory that the process held."""
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return None


def serve(case, work, unit, run, warm_up=None, warm_ups=WARM_UPS):
    """Warms up, then one run for each line of standard input."""
    for _ in range(warm_ups):
        (warm_up or run)()
    print("ready " + json.dumps({"case": case, "work": work, "unit": unit}), flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        run()
        print(f"{time.perf_counter() - start:.9f}", flush=True)
    print(json.dumps({"peak_rss_bytes": peak_resident_bytes()}), flush=True)
