"""What is compared with what, and how far this project wants to reach."""

import dataclasses
import pathlib
import platform
import sys

SMALL_PAGES = pathlib.Path(__file__).resolve().parent / "small_pages.py"
SHAPES = ["16-16-32-s1", "32-32-16-s1", "64-64-8-s1", "3-16-32-s1", "16-32-32-s2", "32-64-16-s2"]


@dataclasses.dataclass
class Side:
    """One process: `program` is ours, peer or openblas."""

    program: str
    label: str
    case: str
    threads: int
    variant: str = ""
    environment: dict = dataclasses.field(default_factory=dict)
    malloc: str = "kept"
    small_pages: bool = False  # ours alone: without huge pages

    def command(self, places):
        """(command, environment) with the places of tool and Python filled in."""
        tail = [self.case, "--threads", str(self.threads)]
        if self.program == "ours":
            prefix = [sys.executable, str(SMALL_PAGES)] if self.small_pages else []
            return prefix + [places["tool"], "bench", "--driven", "--case"] + tail, self.environment
        program = [places["python"], f"{places['peers']}/{self.program}.py"] + tail
        if self.program == "peer":
            program += ["--variant", self.variant]
        return program + ["--malloc", self.malloc], self.environment


@dataclasses.dataclass
class Contest:
    """One row of the table: our side, the variants of the other, and what the ratio should be."""

    row: str
    threads: int
    ours: Side
    peers: list
    reach: float = None
    direction: str = "≥"
    kind: str = "time"       # "time", or "memory"
    inverted: bool = False   # the ratio is ours / peer
    long: bool = False       # a run takes minutes


def ours(case, threads, environment=None, label="escapement"):
    return Side("ours", label, case, threads, environment=environment or {})


def peer(case, threads, variant, malloc="kept"):
    return Side("peer", variant, case, threads, variant, malloc=malloc)


def has_avx512():
    try:
        with open("/proc/cpuinfo") as lines:
            return any("avx512dq" in line for line in lines)
    except OSError:
        return False


def products():
    """Matrix products beside OpenBLAS's, with the same instruction set on both sides."""
    def contest(row, n, threads, isa, core, reach):
        environment = {"ESCAPEMENT_ISA": isa} if isa else {}
        blas = Side("openblas", f"OpenBLAS {core or platform.machine()}", f"sgemm-{n}", threads,
                    environment={"OPENBLAS_CORETYPE": core} if core else {})
        return Contest(row, threads, ours(f"sgemm-{n}", threads, environment), [blas], reach)

    x86, wide = platform.machine() == "x86_64", has_avx512()
    best = ("avx512", "SkylakeX") if wide else ("avx2", "Haswell") if x86 else ("", "")
    rows = [contest(f"sgemm-{n}", n, t, *best, 0.95) for n in (512, 1024, 2048) for t in (1, 2)]
    if wide:
        rows += [contest(f"avx2-sgemm-{n}", n, t, "avx2", "Haswell", 0.9) for n in (512, 1024, 2048) for t in (1, 2)]
    return rows


# Shapes that go by Winograd, and how far ahead of oneDNN's direct convolutions they should be.
WINOGRAD = SHAPES[:3]


def convolutions():
    def contest(row, case, threads, environment, peer_environment, reach):
        peers = [Side("peer", v, case, threads, v, environment=peer_environment) for v in ("nchw", "nhwc")]
        return Contest(row, threads, ours(case, threads, environment), peers, reach)

    cases = [(f"conv-{operation}-{shape}", shape in WINOGRAD)
             for operation in ("forward", "data", "weight") for shape in SHAPES]
    wide = has_avx512()
    rows = [contest(case, case, t, {}, {}, (1.5 if wide else 1.8) if winograd else 1.0)
            for case, winograd in cases for t in (1, 2)]
    if wide:
        narrow = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}
        rows += [contest(f"avx2-{case}", case, t, {"ESCAPEMENT_ISA": "avx2"}, narrow, 1.8)
                 for case, winograd in cases if winograd for t in (1, 2)]
    return rows


def steps():
    return [Contest(case, 2, ours(case, 2), [peer(case, 2, v) for v in ("eager", "channels-last", "compile")], reach)
            for case, reach in (("sgd-step", 1.6), ("sam-step", 1.7))]


def curvature():
    rows = [Contest("gradient-500", 2, ours("gradient-500", 2), [peer("gradient-500", 2, "eager")]),
            Contest("hvp-500", 2, ours("hvp-500", 2), [peer("hvp-500", 2, "fresh")])]
    for variant, reach in (("retained", 3), ("curvlinops", 4.5)):
        rows.append(Contest("hvp-repeated-500", 2, ours("hvp-repeated-500", 2),
                            [peer("hvp-repeated-500", 2, variant)], reach))
    rows.append(Contest("density-500", 2, ours("density-500", 2), [peer("density-500", 2, "pyhessian")], 3, long=True))
    return rows


def memory():
    """Peak memory, the other side as it comes: with the C library's own treatment of freed memory."""
    return [Contest(f"memory-{case}", 2, ours(case, 2), [peer(case, 2, variant, malloc="default")], reach, "≤",
                    kind="memory", inverted=True)
            for case, variant, reach in (("sgd-step", "eager", 0.35), ("hvp-500", "fresh", 0.2))]


def own_ratios():
    """Times of this project beside each other."""
    scaling = Contest("scaling", 2, ours("sgd-step", 2, label="2 threads"),
                      [ours("sgd-step", 1, label="1 thread")], 1.8)
    costs = [Contest(f"{case}/gradient-500", 2, ours("gradient-500", 2, label="gradient-500"),
                     [ours(case, 2, label=case)], reach, "≤")
             for case, reach in (("hvp-500", 2.8), ("hvp-repeated-500", 2.2))]
    pages = [Contest("huge-pages", t, ours("sgd-step", t, label="with huge pages"),
                     [Side("ours", "without", "sgd-step", t, small_pages=True)]) for t in (1, 2)]
    return [scaling] + costs + pages


def catalog():
    """All rows, in the order of the table."""
    return products() + convolutions() + steps() + curvature() + memory() + own_ratios()
