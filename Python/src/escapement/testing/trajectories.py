"""Compares an adapter with the trajectories of the conformance vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from ..vectors import Case, Vectors, shipped
from .diagnosis import diagnose
from .problems import Answer, CaseProblem, Parameters
from .rules import RULES, Step, Walk, reference

# A gradient entry is a sum of at most 768 products, through at most eight layers: 2^12 roundings cover both.
ROUNDINGS = 2.0**12
# The size of the errors that measure how errors grow: far above rounding, far below what is not linear.
PROBE = 2.0**-30
PROBES = 2
# The unit of rounding of the coarsest arithmetic that an optimizer uses.
UNITS = {"double": 2.0**-53, "single": 2.0**-24}
# What `allowed` found, by the digest of the case: a check of many optimizers asks for it again.
_ALLOWED: Dict[str, List[Dict[str, float]]] = {}


@dataclass(frozen=True)
class Divergence:
    """The first step whose parameters are further from the vectors than rounding allows."""

    step: int
    tensor: str
    deviation: float
    allowed: float


@dataclass(frozen=True)
class Outcome:
    """What came of one case, law or rule: `text` is one line, `cause` what it usually means."""

    name: str
    holds: bool
    text: str
    cause: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.text}" + (f"\n    {self.cause}" if self.cause else "")


def cases(vectors: Vectors, rule: str) -> List[str]:
    """The cases of a rule under plain cross-entropy, LDAM or the quadratic loss, in the order of the index.

    The other cases differ from these in the loss, which the gradient function computes, not the optimizer.
    """
    names = [name for name in vectors.names if name.split(".")[1] == rule]
    return [name for name in names if name.split(".")[2:] in ([], ["ce"], ["ldam"])]


def walk(step: Step, case: Case) -> Walk:
    """An adapter at the start of a case."""
    fields, noise, problem = case.problem, case.group("noise"), CaseProblem(case)
    batches, rates = len(fields["batches"]), fields["learning_rates"]
    draws = next(iter(noise.values())).shape[1] if noise else 0
    return Walk(
        step,
        problem,
        case.rule,
        lambda index: (rates[index // batches], index // batches),
        fields["momentum"],
        fields["weight_decay"],
        lambda index: [{name: rows[index, draw] for name, rows in noise.items()} for draw in range(draws)],
        problem.shards,
    )


def allowed(case: Case) -> List[Dict[str, float]]:
    """For each step, how far each tensor of a right implementation in double precision may be from the vectors.

    Every gradient and every tensor of parameters of the rule on NumPy is disturbed, in every step, by a random
    part of `PROBE` times its largest entry. What comes of that is how errors of this trajectory grow. A right
    implementation has errors of at most `ROUNDINGS` roundings, 2^-53 each, in the same places; the allowance is
    four times what those come to, because a random disturbance is not the worst one.
    """
    if case.digest in _ALLOWED:
        return _ALLOWED[case.digest]
    plain = _course(case, None)
    scale = 4 * ROUNDINGS * UNITS["double"] / PROBE
    bounds = [{name: 0.0 for name in plain[0]} for _ in plain]
    for seed in range(PROBES):
        for bound, disturbed, point in zip(bounds, _course(case, np.random.default_rng(seed)), plain):
            for name in bound:
                bound[name] = max(bound[name], scale * float(np.abs(disturbed[name] - point[name]).max()))
    _ALLOWED[case.digest] = bounds
    return bounds


def _course(case: Case, stream: Optional[np.random.Generator]) -> List[Parameters]:
    def shaken(values: Parameters) -> Parameters:
        if stream is None:
            return values
        return {
            name: value + PROBE * np.abs(value).max() * stream.uniform(-1, 1, value.shape)
            for name, value in values.items()
        }

    def interference(_: int, answer: Answer) -> Answer:
        return answer[0], shaken(answer[1])

    run = walk(reference(case.rule), case)
    run.interference = interference
    points = []
    for _ in range(case.problem["steps"]):
        run.parameters = shaken(run.parameters)
        points.append(run.take().after)
    return points


def judge(step: Step, case: Case, precision: str = "double") -> Outcome:
    """Takes the steps of a case and compares the parameters after each with the vectors.

    With the precision "single" the bounds are those of an optimizer that computes something, such as a norm, in
    single precision: 2^29 times as large.
    """
    rows = case.group("parameters")
    wider = UNITS[precision] / UNITS["double"]
    bounds = [{name: wider * bound for name, bound in row.items()} for row in allowed(case)]
    subject, share = walk(step, case), 0.0
    history: List[Any] = []
    for index, bound in enumerate(bounds):
        try:
            history.append(subject.take())
        except Exception as error:
            text = f"step {index + 1} of {len(bounds)} raised {type(error).__name__}: {error}"
            return Outcome(case.name, False, text, "")
        worst = _worst(history[-1].after, rows, bound, index)
        share = max(share, worst[0])
        if worst[0] > 1:
            found = Divergence(index + 1, worst[1], worst[2], bound[worst[1]])
            return Outcome(
                case.name,
                False,
                f"first differs in step {found.step} of {len(bounds)}, most in {found.tensor}: "
                f"{found.deviation:.1e} apart, {found.allowed:.1e} allowed",
                diagnose(step, case, history, walk),
            )
    return Outcome(case.name, True, f"{len(bounds)} steps, at most {share:.1g} of the bound")


def _worst(
    after: Parameters, rows: Parameters, bound: Dict[str, float], index: int
) -> Tuple[float, str, float]:
    """The largest share of the bound, its tensor and the deviation; NaN counts as infinite."""
    found = []
    for name, value in after.items():
        expected = rows[name][index + 1]
        if value.shape != expected.shape:
            raise ValueError(f"{name} came back with shape {value.shape}, expected {expected.shape}")
        deviation = float(np.abs(value - expected).max())
        within = deviation <= bound[name]
        share = deviation / bound[name] if bound[name] > 0 else (0.0 if within else np.inf)
        found.append((share if share == share else np.inf, name, deviation))
    return max(found)


def judge_all(
    step: Step, rule: str, vectors: Optional[Vectors] = None, precision: str = "double"
) -> List[Outcome]:
    """Every case of a rule in some vectors, by default those inside the wheel."""
    vectors = vectors or shipped()
    names = cases(vectors, rule)
    if rule not in RULES or not names:
        known = [known for known in RULES if cases(vectors, known)]
        raise ValueError(f"no case of the rule {rule!r}; there are {', '.join(known)}")
    return [judge(step, vectors.case(name), precision) for name in names]
