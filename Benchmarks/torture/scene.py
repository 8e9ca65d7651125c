"""Runs of the tool, uninterrupted ones to compare with, and the comparison."""
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import time


class Finding(Exception):
    """Something was lost, differed, or ended in a way that it must not."""


class Skipped(Exception):
    """What cannot be done on this machine, in plain words."""


# Seconds: 15 steps an epoch of a small network on the embedded images, and a checkpoint after every second.
FLAGS = "--preset fixture/ce-drw --batch-size 64 --epochs 2 --checkpoint-every 2 --metrics-every 1".split()


class Outcome:
    """How a process ended."""

    def __init__(self, status, out, err, seconds):
        self.status, self.out, self.err, self.seconds = status, out, err, seconds

    @property
    def lines(self):
        """What it said, without the remark about epochs that a short run does not reach and the final digests."""
        quiet = ("does not reach", "parameters ", "run ")
        return [l for l in self.err.splitlines() if not (l.startswith(quiet[1:]) or l.endswith(quiet[0]))]


class Scene:
    def __init__(self, tool, directory, seed, short):
        self.tool, self.directory, self.short = str(tool), directory, short
        self.random = random.Random(seed)
        self.whole, self.mounts = {}, []
        directory.mkdir(parents=True)

    def count(self, n):
        """n repetitions, or a tenth."""
        return max(1, n // 10) if self.short else n

    # Processes

    def start(self, words, **more):
        environment = {**os.environ, "ESCAPEMENT_THREADS": "1", **more.pop("environment", {})}
        return subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=environment, **more)

    @staticmethod
    def finish(process, limit=300):
        begun = time.monotonic()
        try:
            out, err = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise Finding(f"hung for {limit} s: {process.args}") from None
        return Outcome(process.returncode, out, err, time.monotonic() - begun)

    def run(self, words, **more):
        return self.finish(self.start(words, **more))

    def train(self, run, flags=()):
        return [self.tool, "train", "--out", str(run), *FLAGS, *flags]

    def resume(self, run):
        return [self.tool, "train", "--resume", "--out", str(run)]

    def go_on(self, run, flags=()):
        """What a person types after a run was killed: resume what has a record, start what has none."""
        return self.resume(run) if (run / "run.json").exists() else self.train(run, flags)

    # Whole runs and comparison

    def reference(self, flags=()):
        """An uninterrupted run under these flags, and the seconds that it took."""
        key = tuple(flags)
        if key not in self.whole:
            run = self.directory / f"whole-{len(self.whole)}"
            ended = self.run(self.train(run, flags))
            if ended.status != 0:
                raise Finding(f"the uninterrupted run failed: {ended.err.strip()}")
            self.whole[key] = (run, ended.seconds)
        return self.whole[key]

    def content(self, run):
        """What must be equal: record, checkpoints' tensors and places, and metrics but for seconds."""
        files = {"run.json": (run / "run.json").read_bytes()}
        events = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        # The seal covers the digits of the seconds; which run it belongs to is compared.
        left = {"seal": ("sha256", "bytes")}
        files["metrics"] = json.dumps(
            [{k: v for k, v in e.items() if k not in left.get(e["event"], ("seconds",))} for e in events])
        for path in sorted((run / "checkpoints").iterdir()):
            if ".damaged" in path.name:
                continue
            if path.suffix == ".json":
                # The seconds' digits enter these three.
                members = json.loads(path.read_text())
                for key in ("sha256", "metrics_sha256", "metrics_bytes"):
                    del members[key]
                files[path.name] = json.dumps(members, sort_keys=True)
            else:
                files[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
        return files

    def same(self, run, flags, what):
        """Raises unless a finished run is what the uninterrupted one is."""
        (mine, theirs) = (self.content(run), self.content(self.reference(flags)[0]))
        for name in sorted(set(mine) | set(theirs)):
            if mine.get(name) != theirs.get(name):
                raise Finding(f"{what}: {name} differs from the uninterrupted run's ({run})")
        for path in run.rglob("*"):
            if path.name.endswith(".tmp") or path.name == "run.lock":
                raise Finding(f"{what}: {path} is left behind")

    def finished(self, words, run, flags, what):
        """Runs to the end, which must be the uninterrupted one's."""
        ended = self.run(words)
        if ended.status != 0:
            raise Finding(f"{what}: exit {ended.status}: {ended.err.strip()}")
        self.same(run, flags, what)
        return ended

    def one_line(self, ended, statuses, what, *parts):
        """Raises unless it ended with one line of those exit codes that has these parts."""
        if ended.status not in statuses or len(ended.lines) != 1 or any(p not in ended.err for p in parts):
            raise Finding(f"{what}: exit {ended.status}, expected {statuses} and one line with {parts}: {ended.err.strip()}")

    def stopped_run(self, name, flags=(), step=18):
        """A run that was ended by a signal after some step; every file of it is what a person may meet."""
        run = self.directory / name
        process = self.start(self.train(run, flags))
        while process.poll() is None and not (run / f"checkpoints/step-{step:08}.json").exists():
            time.sleep(0.001)
        process.send_signal(signal.SIGTERM)
        ended = self.finish(process)
        if ended.status != 75:
            raise Finding(f"{name}: exit {ended.status} after SIGTERM: {ended.err.strip()}")
        return run

    def copy(self, run, name):
        copy = self.directory / name
        shutil.rmtree(copy, ignore_errors=True)
        return shutil.copytree(run, copy)

    # Mounts

    def mount(self, name, size):
        """A small file system in memory."""
        place = self.directory / name
        place.mkdir()
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place], capture_output=True)
        if made.returncode != 0:
            raise Skipped("mounting a small file system needs root")
        self.mounts.append(place)
        return place

    def remount(self, place, options):
        subprocess.run(["mount", "-o", f"remount,{options}", place], check=True)

    def tidy(self):
        for place in self.mounts:
            subprocess.run(["umount", place], capture_output=True)
