"""The update rules of the conformance vectors on NumPy, written from their formulas, as adapters.

An adapter is a function `step(parameters, gradient, settings)` that takes one step and returns the new
parameters; each rule here is one. `gradient(parameters, part="all", shard=None)` gives the loss and the gradient
of the step's mini-batch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Mapping, Optional, Protocol, Tuple

import numpy as np

from .problems import Answer, Parameters


class Gradient(Protocol):
    """The loss and the gradient of the mini-batch of one step."""

    def __call__(
        self, parameters: Parameters, /, part: str = "all", shard: Optional[int] = None
    ) -> Answer: ...


@dataclass
class Settings:
    """What a step gets besides parameters and gradients.

    `state` is an empty dictionary before the first step of a trajectory and is the adapter's own after it.
    """

    rule: Mapping[str, Any]
    rate: float
    momentum: float
    decay: float
    step: int
    epoch: int
    noise: List[Parameters] = field(default_factory=list)
    # The number of shards or micro-batches of this step's mini-batch, for the rules that ask for them.
    shards: int = 1
    state: Dict[str, Any] = field(default_factory=dict)

    @property
    def rho(self) -> float:
        """The radius in this step: ρ, that of the tail where there are two, or γ of LPF-SGD; 0 without one."""
        for key in ("rho", "rho_tail"):
            if key in self.rule:
                return radius(self.rule[key], self.epoch, self.rate)
        return float(self.rule.get("radius", 0.0))


Step = Callable[[Parameters, Gradient, Settings], Parameters]

# The constants of the conformance cases, which a test compares with the vectors.
_RHO = {"name": "constant", "rho": 0.1}
_SAM = {"rule": "sam", "rho": _RHO, "ascent": "normalized", "second_pass_statistics": "observe"}
_PARTS = {"part_divisor": "batch", "tail_factor": 1.0}
_LPF = {"rule": "lpf-sgd", "radius": 0.05, "shards": 4, "shard_size": None}
_GSAM = {"rule": "gsam", "rho": _RHO, "alpha": 0.4, "second_pass_statistics": "freeze"}
_STEPS = {
    "name": "steps",
    "first": 0.05,
    "milestones": [{"epoch": 2, "rho": 0.1}, {"epoch": 4, "rho": 0.2}],
}
_WITH_RATE = {
    "name": "with-learning-rate",
    "smallest": 0.05,
    "largest": 0.2,
    "lowest_rate": 0.001,
    "highest_rate": 0.02,
}
RULES: Dict[str, Dict[str, Any]] = {
    "sgd": {"rule": "sgd"},
    "sam-released": _SAM,
    "sam-zero-radius": {
        **_SAM,
        "rho": {"name": "constant", "rho": 0.0},
        "second_pass_statistics": "freeze",
    },
    "sgd-accumulated": {"rule": "sgd", "micro_batch": 4},
    "sam-accumulated": {**_SAM, "micro_batch": 4},
    "m-sam": {"rule": "m-sam", "rho": _RHO, "micro_batch": 4},
    "sam-recommended": {**_SAM, "second_pass_statistics": "freeze"},
    "sam-unnormalized": {**_SAM, "rho": {"name": "constant", "rho": 0.05}, "ascent": "unnormalized"},
    "sam-adaptive": {**_SAM, "rho": {"name": "constant", "rho": 0.2}, "ascent": "adaptive"},
    "sam-steps": {**_SAM, "rho": _STEPS},
    "sam-linear": {**_SAM, "rho": {"name": "linear", "first": 0.05, "last": 0.3, "epochs": 5}},
    "imbsam-whole-batch": {"rule": "imbsam", "rho": _RHO, **_PARTS},
    "imbsam-doubled-tail": {"rule": "imbsam", "rho": _RHO, **_PARTS, "tail_factor": 2.0},
    "imbsam-group-means": {"rule": "imbsam", "rho": _RHO, **_PARTS, "part_divisor": "part"},
    "sse-sam": {
        "rule": "sse-sam",
        "rho_head": {"name": "constant", "rho": 0.05},
        "rho_tail": _RHO,
        "stage_fraction": 0.6,
        "epochs": 5,
        **_PARTS,
    },
    "pgd-weights": {"rule": "pgd", "sigma": 0.01, "noise_on": "weights"},
    "pgd-gradient": {"rule": "pgd", "sigma": 0.01, "noise_on": "gradient"},
    "lpf-sgd": _LPF,
    "lpf-sgd-released": {**_LPF, "shard_size": 3},
    "gsam": _GSAM,
    "gsam-with-rate": {**_GSAM, "rho": _WITH_RATE, "second_pass_statistics": "observe"},
    "looksam": {
        "rule": "looksam",
        "rho": _RHO,
        "period": 3,
        "alpha": 0.7,
        "second_pass_statistics": "observe",
    },
    "friendly-sam": {
        "rule": "friendly-sam",
        "rho": _RHO,
        "sigma": 1.0,
        "decay": 0.9,
        "second_pass_statistics": "freeze",
    },
    "focal-sam": {"rule": "focal-sam", "rho": _RHO, "gamma": 3.0, "scale": 0.8, **_PARTS},
}


def with_radius(rule: Mapping[str, Any], rho: float) -> Dict[str, Any]:
    """The rule with a constant radius, in both parts of a batch, in place of its own."""
    changed = dict(rule)
    for key in changed:
        if key.startswith("rho"):
            changed[key] = {"name": "constant", "rho": rho}
    if "radius" in changed:
        changed["radius"] = rho
    if "sigma" in changed and changed["rule"] == "pgd":
        changed["sigma"] = rho
    return changed


def radius(schedule: Mapping[str, Any], epoch: int, rate: float) -> float:
    """ρ of an epoch, counted from 0, or of a learning rate."""
    kind = schedule["name"]
    if kind == "constant":
        return float(schedule["rho"])
    if kind == "steps":
        reached = [m["rho"] for m in schedule["milestones"] if epoch >= m["epoch"]]
        return float(reached[-1] if reached else schedule["first"])
    if kind == "linear":
        share = epoch / (schedule["epochs"] - 1)
        # The released code counts in float16.
        return float(np.float16(schedule["first"] + share * (schedule["last"] - schedule["first"])))
    if kind == "with-learning-rate":
        share = (rate - schedule["lowest_rate"]) / (schedule["highest_rate"] - schedule["lowest_rate"])
        return float(schedule["smallest"] + share * (schedule["largest"] - schedule["smallest"]))
    raise ValueError(f"a radius that is {kind}, of which this version knows nothing")


def plus(a: Parameters, b: Parameters, scale: float = 1.0) -> Parameters:
    return {name: a[name] + scale * b[name] for name in a}


def times(a: Parameters, scale: float) -> Parameters:
    return {name: scale * value for name, value in a.items()}


def minus(a: Parameters, b: Parameters) -> Parameters:
    return {name: a[name] - b[name] for name in a}


def dot(a: Parameters, b: Parameters) -> float:
    return float(sum((a[name] * b[name]).sum() for name in a))


def norm(a: Parameters) -> float:
    return math.sqrt(dot(a, a))


def across(a: Parameters, b: Parameters) -> Parameters:
    """The part of a across b."""
    square = dot(b, b)
    return plus(a, b, -dot(a, b) / square) if square > 0 else a


def ascent(w: Parameters, g: Parameters, settings: Settings) -> Parameters:
    """ε of SAM."""
    kind, rho = settings.rule.get("ascent", "normalized"), settings.rho
    if kind == "unnormalized":
        return times(g, rho)
    if kind == "adaptive":
        scaled = {name: np.abs(w[name]) * g[name] for name in g}
        scale = rho / (norm(scaled) + 1e-12)
        return {name: scale * np.abs(w[name]) * scaled[name] for name in g}
    return times(g, rho / (norm(g) + 1e-12))


def descend(w: Parameters, direction: Parameters, settings: Settings) -> Parameters:
    """SGD with momentum, the weight decay added to the gradient before it: the base rule of every case."""
    d = plus(direction, w, settings.decay)
    b = settings.state.get("momentum")
    settings.state["momentum"] = d if b is None else plus(d, b, settings.momentum)
    return plus(w, settings.state["momentum"], -settings.rate)


def _sgd(w: Parameters, gradient: Gradient, settings: Settings) -> Parameters:
    return descend(w, gradient(w)[1], settings)


def _sam(w: Parameters, gradient: Gradient, settings: Settings) -> Parameters:
    g = gradient(w)[1]
    return descend(w, gradient(plus(w, ascent(w, g, settings)))[1], settings)


def _imbsam(w: Parameters, gradient: Gradient, settings: Settings) -> Parameters:
    head, tail = gradient(w, part="head")[1], gradient(w, part="tail")[1]
    constant = 1e-12 if settings.rule["rule"] == "focal-sam" else 1e-16
    e = times(tail, settings.rho / (norm(tail) + constant))
    return descend(w, plus(head, gradient(plus(w, e), part="tail")[1]), settings)


def _sse_sam(w: Parameters, gradient: Gradient, settings: Settings) -> Parameters:
    rule = settings.rule
    is_first = settings.epoch < rule["stage_fraction"] * rule["epochs"]
    rho_head = radius(rule["rho_head"], settings.epoch, settings.rate) if is_first else 0.0
    d = times(w, 0.0)
    for part, rho in (("head", rho_head), ("tail", settings.rho)):
        g = gradient(w, part=part)[1]
        e = times(g, rho / (norm(g) + 1e-16))
        d = plus(d, gradient(plus(w, e), part=part)[1])
    return descend(w, d, settings)


def _pgd(w: Parameters, gradient: Gradient, settings: Settings) -> Parameters:
    g, noise = gradient(w)[1], times(settings.noise[0], settings.rule["sigma"])
    if settings.rule["noise_on"] == "weights":
        return plus(descend(w, g, settings), noise)
    return descend(w, plus(g, noise), settings)


def _lpf_sgd(w: Parameters, gradient: Gradient, settings: Settings) -> Parameters:
    count = settings.shards
    d = times(w, 0.0)
    for shard in range(count):
        e = {name: _deviation(w[name], settings.rho) * settings.noise[shard][name] for name in w}
        d = plus(d, gradient(plus(w, e), shard=shard)[1], 1 / count)
    return descend(w, d, settings)


def _m_sam(w: Parameters, gradient: Gradient, settings: Settings) -> Parameters:
    d = times(w, 0.0)
    for shard in range(settings.shards):
        e = ascent(w, gradient(w, shard=shard)[1], settings)
        d = plus(d, gradient(plus(w, e), shard=shard)[1], 1 / settings.shards)
    return descend(w, d, settings)


def _deviation(value: np.ndarray, gamma: float) -> Any:
    """γ times the norm of each filter of a weight, or of a whole vector."""
    if value.ndim < 2:
        return gamma * (np.linalg.norm(value) + 1e-16)
    lengths = np.linalg.norm(value.reshape(len(value), -1), axis=1)
    return gamma * lengths.reshape(-1, *[1] * (value.ndim - 1))


def _gsam(w: Parameters, gradient: Gradient, settings: Settings) -> Parameters:
    g = gradient(w)[1]
    s = gradient(plus(w, ascent(w, g, settings)))[1]
    return descend(w, plus(s, across(g, s), -settings.rule["alpha"]), settings)


def _looksam(w: Parameters, gradient: Gradient, settings: Settings) -> Parameters:
    g = gradient(w)[1]
    if settings.step % settings.rule["period"] == 0:
        s = gradient(plus(w, ascent(w, g, settings)))[1]
        settings.state["looksam-direction"] = across(s, g)
        return descend(w, s, settings)
    v = settings.state["looksam-direction"]
    return descend(w, plus(g, v, settings.rule["alpha"] * norm(g) / (norm(v) + 1e-12)), settings)


def _friendly_sam(w: Parameters, gradient: Gradient, settings: Settings) -> Parameters:
    g, m, decay = gradient(w)[1], settings.state.get("friendly-sam-mean"), settings.rule["decay"]
    own = g if m is None else plus(g, m, -settings.rule["sigma"])
    settings.state["friendly-sam-mean"] = g if m is None else plus(times(m, decay), g, 1 - decay)
    return descend(w, gradient(plus(w, ascent(w, own, settings)))[1], settings)


_STEPS_OF_RULES: Dict[str, Step] = {
    "sgd": _sgd,
    "sam": _sam,
    "imbsam": _imbsam,
    "sse-sam": _sse_sam,
    "pgd": _pgd,
    "lpf-sgd": _lpf_sgd,
    "m-sam": _m_sam,
    "gsam": _gsam,
    "looksam": _looksam,
    "friendly-sam": _friendly_sam,
    "focal-sam": _imbsam,
}


def reference(rule: Mapping[str, Any]) -> Step:
    """The adapter of a rule from its constants, `RULES["sam-released"]` for example."""
    return _STEPS_OF_RULES[rule["rule"]]


@dataclass
class Query:
    """One gradient that a step asked for."""

    point: Parameters
    gradient: Parameters
    part: str = "all"


@dataclass
class Taken:
    """One step: the parameters around it, and what it asked for."""

    before: Parameters
    after: Parameters
    queries: List[Query]
    settings: Settings


# What happens to an answer before the step sees it: the position of the query in its step, the answer.
Interference = Callable[[int, Answer], Answer]


class Walk:
    """An adapter on a problem, step by step, with a record of what it asks for."""

    def __init__(
        self,
        step: Step,
        problem: Any,
        rule: Mapping[str, Any],
        rates: Callable[[int], Tuple[float, int]],
        momentum: float = 0.9,
        decay: float = 0.005,
        noise: Callable[[int], List[Parameters]] = lambda step: [],
        shards: Callable[[int], int] = lambda step: 1,
        interference: Interference = lambda index, answer: answer,
    ) -> None:
        self._step, self._problem, self.rule = step, problem, dict(rule)
        self._rates, self._momentum, self._decay = rates, momentum, decay
        self._noise, self._shards = noise, shards
        self.interference = interference
        self.parameters = {name: np.array(value) for name, value in problem.parameters.items()}
        self.steps = 0
        self.state: Dict[str, Any] = {}

    def take(self) -> Taken:
        """One step. The gradient function of a step refuses to answer after it."""
        rate, epoch = self._rates(self.steps)
        index = self.steps
        taken = Taken(
            {name: value.copy() for name, value in self.parameters.items()},
            {},
            [],
            Settings(
                self.rule,
                rate,
                self._momentum,
                self._decay,
                index,
                epoch,
                self._noise(index),
                self._shards(index),
                self.state,
            ),
        )
        is_over = False

        def gradient(parameters: Parameters, /, part: str = "all", shard: Optional[int] = None) -> Answer:
            if is_over:
                raise RuntimeError(f"the gradient of step {index} was asked for after that step")
            if parameters.keys() != taken.before.keys():
                raise ValueError(f"gradient of {sorted(parameters)}, expected {sorted(taken.before)}")
            point = {name: np.array(parameters[name], np.float64) for name in taken.before}
            loss, answer = self._problem.loss_and_gradient(point, index, part, shard)
            loss, answer = self.interference(len(taken.queries), (loss, answer))
            taken.queries.append(Query(point, answer, part))
            return loss, {name: value.copy() for name, value in answer.items()}

        try:
            after = self._step(
                {name: value.copy() for name, value in taken.before.items()}, gradient, taken.settings
            )
        finally:
            is_over = True
        taken.after = {name: np.array(after[name], np.float64) for name in taken.before}
        self.parameters = taken.after
        self.steps += 1
        return taken
