"""The abuses. Each returns what was done and what came of it, and raises Finding when something did not hold."""
import hashlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

from scene import Finding, Skipped


def kill(scene):
    """SIGKILL at random points over every optimizer, and while checkpoints are written."""
    known = scene.run([scene.tool, "train", "--preset", "fixture/ce", "--optimizer", "?", "--out", "/nonexistent"])
    names = re.search(r"known are (.*?);? *$", known.err.strip().splitlines()[-1])
    if not names:
        raise Finding(f"the tool does not list its optimizers: {known.err.strip()}")
    names = names[1].split(", ")
    wanted = scene.count(220)
    kills = aimed = runs = 0
    while kills < wanted:
        name = names[runs % len(names)]
        flags = ["--optimizer", name]
        seconds = scene.reference(flags)[1]
        run = scene.directory / f"{name}-{runs}"
        runs += 1
        for _ in range(6):
            process = scene.start(scene.go_on(run, flags))
            if scene.random.random() < 0.5:
                time.sleep(scene.random.uniform(0, seconds))
            else:
                aimed += await_writing(process, run, scene.random)
            process.kill()
            ended = scene.finish(process)
            if ended.status == 0:
                break
            if ended.status != -signal.SIGKILL:
                raise Finding(f"{name}: exit {ended.status} before the kill: {ended.err.strip()}")
            kills += 1
        scene.finished(scene.go_on(run, flags), run, flags, f"{name} after kills")
        shutil.rmtree(run)
    return f"{kills} kills in {runs} runs over {len(names)} optimizers, {aimed} of them while files were written", \
        "every run ended with the bits of the uninterrupted one"


def await_writing(process, run, random):
    """Waits until a temporary file of a checkpoint is there, some of them from now; whether it saw one."""
    passes = random.randrange(1, 8)
    folder = run / "checkpoints"
    while process.poll() is None:
        try:
            names = os.listdir(folder)
        except OSError:
            names = []
        if any(name.endswith(".tmp") for name in names):
            passes -= 1
            if passes == 0:
                return 1
    return 0


def signals(scene):
    """SIGINT, SIGTERM and SIGUSR1; the printed command goes on, whatever the directory is called."""
    times = scene.count(30)
    for index in range(times):
        number = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)[index % 3]
        run = scene.directory / f"it's a $run; {index}"
        seconds = scene.reference()[1]
        process = scene.start(scene.train(run))
        # Once it writes: before that there is nothing to go on with.
        while process.poll() is None and not (run / "checkpoints/step-00000000.json").exists():
            time.sleep(0.001)
        time.sleep(scene.random.uniform(0, 0.6 * seconds))
        process.send_signal(number)
        ended = scene.finish(process)
        if ended.status == 0:
            scene.same(run, (), "a signal that came too late")
            continue
        scene.one_line(ended, [75], f"after {number.name}", "go on with: ")
        scene.finished(["sh", "-c", ended.lines[0].split("go on with: ")[1]], run, (), f"the command after {number.name}")
    return f"{times} signals at random points", "exit 75 and one line each; the command of the line led to the same bits"


def disk(scene):
    """A disk that is full, at different places, and then has room again."""
    times = scene.count(20)
    full = 0
    for index in range(times):
        place = scene.mount(f"disk-{index}", f"{scene.random.randrange(4, 520)}k")
        run = place / "run"
        ended = scene.run(scene.train(run))
        if ended.status != 0:
            full += 1
            scene.one_line(ended, [69], "a full disk", "No space left on device")
        scene.remount(place, "size=16m")
        scene.finished(scene.go_on(run), run, (), "after a full disk")
    return f"{times} file systems of 4 to 520 KiB, {full} of them filled", \
        "exit 69 and one line; with room again the same bits"


def file_limit(scene):
    """A limit on the size of files (ulimit -f), at different places."""
    times = scene.count(20)
    hit = 0
    for index in range(times):
        run = scene.directory / f"run-{index}"
        limit = scene.random.choice([scene.random.randrange(1, 4000), scene.random.randrange(4000, 170_000)])
        ended = scene.run(
            scene.train(run), preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        if ended.status != 0:
            hit += 1
            scene.one_line(ended, [69], f"files of at most {limit} bytes", "File too large")
        scene.finished(scene.go_on(run), run, (), "after a limit on files")
    return f"{times} limits of 1 to 170,000 bytes, {hit} of them met", "exit 69 and one line; without it the same bits"


def read_only(scene):
    """A folder that cannot be written to: a read-only file system, and another user's."""
    place = scene.mount("disk", "16m")
    run = scene.copy(scene.stopped_run("stopped"), "disk/run")
    scene.remount(place, "ro")
    before = scene.content(run)
    scene.one_line(scene.run(scene.resume(run)), [69], "a read-only file system", "Read-only file system")
    scene.one_line(scene.run(scene.train(place / "new")), [69], "a read-only file system", "Read-only file system")
    if scene.run([scene.tool, "diff", str(run), str(run)]).status != 0:
        raise Finding("a reader needs to write")
    scene.remount(place, "rw")
    if scene.content(run) != before:
        raise Finding("a refused resume changed something")
    scene.finished(scene.resume(run), run, (), "after a read-only file system")
    other = scene.copy(scene.stopped_run("stopped-2"), "other")
    for folder in [scene.directory, *scene.directory.parents]:
        if folder != Path("/tmp") and folder.stat().st_uid == os.getuid() and len(folder.parts) > 2:
            folder.chmod(0o755)
    for folder in (other, other / "checkpoints"):
        folder.chmod(0o555)
    tool = shutil.copy(scene.tool, scene.directory / "tool")
    user = ["setpriv", "--reuid", "65534", "--clear-groups"]
    if shutil.which("setpriv") is None or scene.run([*user, tool, "--version"]).status != 0:
        return "a read-only file system (another user's folder: no setpriv that works here)", "exit 69 and one line"
    scene.one_line(scene.run([*user, *scene.resume(other)]), [69], "another user's folder", "Permission denied")
    scene.finished(scene.resume(other), other, (), "after another user")
    return "a read-only file system, another user's folder", \
        "exit 69 and one line, readers work; writable again the same bits"


def torn(scene):
    """Files cut off at random lengths, the tail of one replaced by zeros, files that are gone."""
    stopped = scene.stopped_run("stopped")
    newest = sorted((stopped / "checkpoints").glob("*.json"))[-1]
    names = [f"checkpoints/{newest.name}", f"checkpoints/{newest.stem}.safetensors", "metrics.jsonl", "run.json"]
    times = scene.count(100)
    ends = {"fell back": 0, "refused": 0}
    for index in range(times):
        run = scene.copy(stopped, f"run-{index}")
        name = names[index % 4]
        data = (run / name).read_bytes()
        length = scene.random.randrange(len(data))
        kind = scene.random.choice(["cut", "zeros", "gone"])
        if kind == "gone":
            (run / name).unlink()
        else:
            (run / name).write_bytes(data[:length] + (bytes(len(data) - length) if kind == "zeros" else b""))
        if name == f"checkpoints/{newest.name}" and kind == "gone":
            # What a crash before the sidecar leaves: no damage.
            scene.finished(scene.resume(run), run, (), "without the newest sidecar")
        else:
            ends[damaged(scene, run, name, f"{name} {kind} at {length}")] += 1
        shutil.rmtree(run)
    return f"{times} files cut, zeroed from a place on, or removed", \
        f"{ends['fell back']} fell back and gave the same bits, {ends['refused']} refused with one line, " \
        f"{times - sum(ends.values())} without their newest sidecar went on from the one before"


def damaged(scene, run, name, what):
    """Resumes a run with one damaged file: a notice and the same bits, or one line and nothing changed."""
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    ended = scene.run(scene.resume(run))
    if ended.status == 0:
        if not any(line.startswith("damaged: ") and name in line for line in ended.lines):
            raise Finding(f"{what}: not noticed")
        if not any(".damaged" in path.name for path in run.rglob("*")):
            raise Finding(f"{what}: the damaged file was thrown away")
        scene.same(run, (), what)
        return "fell back"
    scene.one_line(ended, [65, 69], what, Path(name).name)
    after = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    if before != after:
        raise Finding(f"{what}: refused, and changed something")
    return "refused"


def flips(scene):
    """One flipped bit at random offsets of each file that a resume reads."""
    stopped = scene.stopped_run("stopped", step=26)
    newest = sorted((stopped / "checkpoints").glob("*.json"))[-1]
    names = [f"checkpoints/{newest.name}", f"checkpoints/{newest.stem}.safetensors", "metrics.jsonl", "run.json"]
    times = scene.count(1000)
    ends = {"fell back": 0, "refused": 0}
    for index in range(times):
        run = scene.copy(stopped, "run")
        name = names[index % 4]
        data = bytearray((run / name).read_bytes())
        bit = scene.random.randrange(8 * len(data))
        data[bit // 8] ^= 1 << bit % 8
        (run / name).write_bytes(data)
        ends[damaged(scene, run, name, f"bit {bit} of {name}")] += 1
    return f"{times} flipped bits over sidecar, tensors, metrics and record", \
        f"every one noticed: {ends['fell back']} fell back and gave the same bits, {ends['refused']} refused with one line"


def sealed(members):
    """A sidecar's text with the digest of its own content."""
    members = {key: value for key, value in members.items() if key != "sha256"}
    compact = json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    members["sha256"] = hashlib.sha256(compact.encode()).hexdigest()
    return json.dumps(members, sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def strangers(scene):
    """A checkpoint of another recipe, of an older layout, and of a later one."""
    stopped = scene.stopped_run("stopped")
    newest = sorted((stopped / "checkpoints").glob("*.json"))[-1].name
    other = scene.reference(["--seed", "9", "--checkpoint-every", "1"])[0]
    run = scene.copy(stopped, "recipe")
    for path in (run / "checkpoints").iterdir():
        path.unlink()
    for path in (other / "checkpoints").iterdir():
        shutil.copy(path, run / "checkpoints")
    before = scene.content(run)
    scene.one_line(scene.run(scene.resume(run)), [65], "another recipe's checkpoint", "another recipe")
    if scene.content(run) != before:
        raise Finding("another recipe's checkpoint: refused, and changed something")
    members = json.loads((stopped / "checkpoints" / newest).read_text())
    older = scene.copy(stopped, "older")
    first = {k: v for k, v in members.items() if k not in ("sha256", "metrics_sha256", "skipped_in_a_row")}
    (older / "checkpoints" / newest).write_text(json.dumps({**first, "schema": 1}, sort_keys=True, indent=2) + "\n")
    ended = scene.finished(scene.resume(older), older, (), "an older layout")
    if not any("is of schema 1" in line for line in ended.lines):
        raise Finding("an older layout was resumed without a word")
    later = scene.copy(stopped, "later")
    (later / "checkpoints" / newest).write_text(sealed({**members, "schema": 3}))
    scene.one_line(scene.run(scene.resume(later)), [65], "a later layout", "schema")
    return "checkpoints of another recipe, of schema 1 and of schema 3", \
        "exit 65 and one line; schema 1 resumed with a notice to the same bits; exit 65 and one line"


def writers(scene):
    """Second writers while a run goes on, and several that start at once."""
    run = scene.directory / "run"
    process = scene.start(scene.train(run))
    while process.poll() is None and not (run / "checkpoints/step-00000000.json").exists():
        time.sleep(0.001)
    held = 0
    while process.poll() is None:
        for words in (scene.resume(run), scene.train(run)):
            ended = scene.run(words)
            if process.poll() is None:
                scene.one_line(ended, [69], "a second writer", f"process {process.pid} on ")
                held += 1
    if scene.finish(process).status != 0 or not held:
        raise Finding("the first writer failed, or nobody met it")
    scene.same(run, (), "a run that others wanted")
    times = scene.count(10)
    for index in range(times):
        run = scene.directory / f"race-{index}"
        ended = [scene.finish(p) for p in [scene.start(scene.train(run)) for _ in range(4)]]
        if [e.status for e in ended].count(0) != 1:
            raise Finding(f"of four starts at once: {[(e.status, e.err) for e in ended]}")
        for loser in (e for e in ended if e.status != 0):
            scene.one_line(loser, [69], "a start beside another")
        scene.same(run, (), "a run that four processes started")
    return f"{held} second writers, {times} times four starts at once", \
        "exit 69 and one line naming the holder; one writer each time, the same bits"


def clock(scene):
    """A clock that jumps forth and back while the run goes on."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
    if library is None:
        raise Skipped("libfaketime is not installed (apt-get install faketime)")
    times = scene.count(10)
    for index in range(times):
        run, file = scene.directory / f"run-{index}", scene.directory / f"time-{index}"
        file.write_text("+0")
        # Through env: the library sets a variable of its own in the first process, after which Swift's runtime, which
        # looks for its arguments beside the environment, finds none.
        process = scene.start(["env", *scene.train(run)], environment={
            "LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_NO_CACHE": "1"})
        while process.poll() is None:
            jump = scene.random.choice([-1, 1]) * 10 ** scene.random.randrange(0, 9)
            temporary = file.with_suffix(".new")
            temporary.write_text(f"{jump:+d}")
            temporary.rename(file)
            time.sleep(0.02)
        ended = scene.finish(process)
        if ended.status != 0:
            raise Finding(f"a jumping clock: exit {ended.status}: {ended.err.strip()}")
        scene.same(run, (), "a jumping clock")
    return f"{times} runs whose clocks, monotonic one included, jumped every 20 ms by up to 3 years", "the same bits"


def stopped(scene):
    """A process that is stopped and continued."""
    times = scene.count(10)
    stops = 0
    for index in range(times):
        run = scene.directory / f"run-{index}"
        process = scene.start(scene.train(run))
        while process.poll() is None:
            process.send_signal(signal.SIGSTOP)
            time.sleep(scene.random.uniform(0, 0.05))
            process.send_signal(signal.SIGCONT)
            stops += 1
            time.sleep(scene.random.uniform(0, 0.1))
        if scene.finish(process).status != 0:
            raise Finding("a continued run failed")
        scene.same(run, (), "a continued run")
    return f"{times} runs stopped {stops} times", "the same bits"


def memory(scene):
    """A limit on memory (ulimit -v), from far too little to enough."""
    stopped = scene.stopped_run("stopped")
    times = scene.count(40)
    ends = {}
    for index in range(times):
        limit = scene.random.randrange(40 << 20, 600 << 20)
        run = scene.copy(stopped, f"run-{index}")
        ended = scene.run(
            scene.resume(run), preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
        kind = "finished" if ended.status == 0 else f"signal {-ended.status}" if ended.status < 0 else f"exit {ended.status}"
        ends[kind] = ends.get(kind, 0) + 1
        scene.finished(scene.resume(run), run, (), "after a limit on memory")
        shutil.rmtree(run)
    return f"{times} limits of 40 to 600 MiB", \
        ", ".join(f"{n} {kind}" for kind, n in sorted(ends.items())) + "; without the limit the same bits"


ABUSES = {
    "kill": kill, "signals": signals, "full-disk": disk, "file-limit": file_limit, "read-only": read_only,
    "torn": torn, "flipped-bits": flips, "strangers": strangers, "writers": writers, "clock": clock,
    "stop-continue": stopped, "memory": memory,
}
