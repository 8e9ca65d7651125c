"""Laws that can be judged from outside: they need no vectors, and run on any loss with a gradient.

Each law takes an adapter, the constants of its rule and a problem, and returns an outcome. Documentation/Laws.md has
the laws of the same names for rules written in Swift.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from .adapters import load, save
from .diagnosis import SIGN
from .problems import Answer, Parameters, Problem, Saddle
from .rules import RULES, Query, Step, Taken, Walk, dot, minus, norm, reference, times, with_radius
from .trajectories import UNITS, Outcome

RATE, RADIUS, MOMENTUM, DECAY = 0.125, 0.5, 0.9, 0.1
# Rules that ascend along a gradient of the step, with the length rho.
NORMALIZED = ("sam", "gsam", "looksam", "friendly-sam")


class _NotApplicable(Exception):
    """The law says nothing about this rule."""


class _Broken(Exception):
    """What was found and what it usually means."""

    def __init__(self, text: str, cause: str = "") -> None:
        super().__init__(text)
        self.text, self.cause = text, cause


class Trial:
    """An adapter with its rule on a problem; `walk` begins a trajectory."""

    def __init__(
        self,
        step: Step,
        rule: Mapping[str, Any],
        problem: Problem,
        base: Optional[Step] = None,
        precision: str = "double",
    ) -> None:
        self.step, self.rule, self.problem = step, rule, problem
        # The distance of 1 and the next number, in the coarsest arithmetic that the optimizer uses.
        self.eps = 2 * UNITS[precision]
        # The base optimizer at radius 0; by default SGD with momentum and weight decay.
        self.base = base or reference({"rule": "sgd"})

    def walk(
        self, step: Optional[Step] = None, rho: float = RADIUS, rate: float = RATE, decay: float = DECAY
    ) -> Walk:
        return Walk(
            step or self.step,
            self.problem,
            with_radius(self.rule, rho),
            lambda index: (rate, 0),
            MOMENTUM,
            decay,
            self._noise,
            lambda index: int(self.rule.get("shards", 1)),
        )

    def _noise(self, step: int) -> List[Parameters]:
        """Standard normals for the rules that draw some, the same ones in every walk."""
        stream = np.random.default_rng(step)
        return [
            {name: stream.standard_normal(value.shape) for name, value in self.problem.parameters.items()}
            for _ in range(self.rule.get("shards", 1))
        ]

    @property
    def is_normalized(self) -> bool:
        return self.rule["rule"] in NORMALIZED and self.rule.get("ascent", "normalized") == "normalized"

    def queries(self, step: int) -> int:
        """How many gradients the rule asks for in a step."""
        if self.rule["rule"] == "looksam":
            return 2 if step % int(self.rule["period"]) == 0 else 1
        return {"sgd": 1, "sam": 2, "gsam": 2, "friendly-sam": 2}[self.rule["rule"]]


def zero_radius(trial: Trial) -> str:
    """At rho = 0 the optimizer is its base optimizer."""
    if trial.rule["rule"] in ("sgd", "looksam"):
        raise _NotApplicable("the rule does not become its base at rho = 0")
    subject, base = trial.walk(rho=0.0), trial.walk(trial.base, rho=0.0)
    is_exact = True
    for index in range(5):
        found, expected = subject.take().after, base.take().after
        for name in found:
            if np.array_equal(found[name], expected[name]):
                continue
            is_exact = False
            apart = float(np.abs(found[name] - expected[name]).max())
            # At rho = 0 both gradients are the same one; what is left is the order of a few roundings a step,
            # which the momentum adds up.
            bound = 64 * trial.eps * (index + 1) * float(np.abs(expected[name]).max() + 1)
            if not apart <= bound:
                raise _Broken(
                    f"at rho = 0, {name} is {apart:.1e} from the base optimizer's after step {index + 1}, "
                    f"{bound:.1e} allowed",
                    "rho = 0 is not the base optimizer: is there a term that does not vanish with rho?",
                )
    return "bit for bit" if is_exact else "to rounding"


def _perturbed(taken: Taken) -> Tuple[Query, Query]:
    if len(taken.queries) < 2:
        raise _Broken(
            f"{len(taken.queries)} gradients were asked for in step {taken.settings.step + 1}, the rule asks for two",
            "the second pass is skipped",
        )
    return taken.queries[0], taken.queries[-1]


def ascent(trial: Trial) -> str:
    """The perturbation of the first step is along the gradient, with the length rho whatever that of the gradient."""
    if not trial.is_normalized:
        raise _NotApplicable("no perturbation of the length rho is claimed")
    worst = 0.0
    for rho in (0.05, 0.5, 2.0):
        for scale in (2.0**-10, 1.0, 2.0**10):
            walk = trial.walk(rho=rho)
            walk.interference = _scaled(scale)
            taken = walk.take()
            first, second = _perturbed(taken)
            e = minus(second.point, taken.before)
            g = norm(first.gradient)
            # Scale, product and norm, the constant of at most 1e-12 in the norm, and placing w + e.
            bound = rho * (64 * trial.eps + 1e-12 / g) + trial.eps * (norm(taken.before) + rho)
            apart = abs(norm(e) - rho)
            worst = max(worst, apart / bound)
            if not apart <= bound:
                raise _Broken(
                    f"||e|| is {norm(e):.6g} for rho = {rho} and ||g|| = {g:.3g}",
                    _length_cause(norm(e), rho, g),
                )
            # The cosine is 1 - angle^2 / 2, so rounding of e changes it by far less than eps.
            cosine = dot(e, first.gradient) / (norm(e) * g)
            if not cosine >= 1 - 64 * trial.eps - (bound / rho) ** 2:
                raise _Broken(
                    f"the cosine between e and the gradient is {cosine:.6g}",
                    SIGN if cosine < 0 else "is e along the gradient alone, and of this step?",
                )
    return f"at most {worst:.1g} of the bound"


def _length_cause(length: float, rho: float, g: float) -> str:
    if length == 0:
        return "does the perturbation act on the live parameters?"
    if abs(length * g / rho - 1) < 1e-6:
        return "it is equal to rho*g/||g||^2: divided by the squared norm"
    if abs(length / (rho * g) - 1) < 1e-6:
        return "it is not divided by ||g||"
    if abs(length / rho - 1) < 1e-5:
        return "is the norm computed in single precision, or is the constant in it large?"
    return "is the norm taken over all parameters, and does the ascent reach all of them?"


def _scaled(factor: float) -> Callable[[int, Answer], Answer]:
    return lambda _, answer: (answer[0] * factor, times(answer[1], factor))


def loss_scale(trial: Trial) -> str:
    """A loss 2^-12 or 2^12 times as large leads to the same perturbed point."""
    if not trial.is_normalized:
        raise _NotApplicable("the perturbation is not claimed to be normalized")
    plain = trial.walk(decay=0.0).take()
    first, second = _perturbed(plain)
    worst = 0.0
    for factor in (2.0**-12, 2.0**12):
        walk = trial.walk(decay=0.0)
        walk.interference = _scaled(factor)
        point = _perturbed(walk.take())[1].point
        g = norm(first.gradient)
        bound = RADIUS * (64 * trial.eps + 1e-12 / g + 1e-12 / (factor * g)) + 2 * trial.eps * (
            norm(point) + RADIUS
        )
        apart = norm(minus(point, second.point))
        worst = max(worst, apart / bound)
        if not apart <= bound:
            raise _Broken(
                f"a loss {factor:g} times as large moves the perturbed point by {apart:.1e}, {bound:.1e} allowed",
                "the perturbation depends on the size of the loss: is the gradient divided by its norm?",
            )
    return f"at most {worst:.1g} of the bound"


def one_batch(trial: Trial) -> str:
    """A step asks for as many gradients as the rule, all of its own mini-batch."""
    if trial.rule["rule"] not in (*NORMALIZED, "sgd"):
        raise _NotApplicable("the rule asks for gradients of parts or shards")
    walk = trial.walk()
    for index in range(4):
        try:
            taken = walk.take()
        except RuntimeError as error:
            if "after that step" not in str(error):
                raise
            raise _Broken(str(error), "the two gradients of a step belong to different batches") from None
        found, expected = len(taken.queries), trial.queries(index)
        if found != expected:
            raise _Broken(
                f"{found} gradients were asked for in step {index + 1}, the rule asks for {expected}",
                "the second pass is skipped"
                if found < expected
                else "a pass more than needed: it costs time",
            )
    return "as many gradients as the rule asks for"


def restored(trial: Trial) -> str:
    """A step with learning rate 0 leaves the parameters as they were."""
    if trial.rule.get("noise_on") == "weights":
        raise _NotApplicable("the rule moves the parameters by noise of its own")
    walk = trial.walk(rate=0.0)
    drift = 0.0
    for index in range(3):
        taken = walk.take()
        for name in taken.before:
            apart = float(np.abs(taken.after[name] - taken.before[name]).max())
            # w + e - e rounds twice: half an ulp of |w| + rho each.
            bound = 2 * trial.eps * (float(np.abs(taken.before[name]).max()) + RADIUS)
            drift = max(drift, apart)
            if not apart <= bound:
                raise _Broken(
                    f"with learning rate 0, step {index + 1} moves {name} by {apart:.1e}",
                    "is the perturbation taken back before the update?",
                )
    return "bit for bit" if drift == 0 else f"restores w by subtraction: {drift:.0e} drift, allowed"


def resume(trial: Trial) -> str:
    """A new optimizer with the saved state goes on to the same bits."""
    for steps in (1, 2, 4):
        walk = trial.walk()
        for _ in range(steps):
            last = walk.take()
        data = save(trial.step, last.settings)
        fresh = trial.walk()
        fresh.parameters, fresh.steps = {k: v.copy() for k, v in walk.parameters.items()}, steps
        last.settings.state = fresh.state
        load(trial.step, data, fresh.parameters, last.settings)
        for index in range(3):
            a, b = walk.take().after, fresh.take().after
            name = next((name for name in a if not np.array_equal(a[name], b[name])), None)
            if name is not None:
                apart = float(np.abs(a[name] - b[name]).max())
                raise _Broken(
                    f"saved after step {steps}, {name} is {apart:.1e} apart {index + 1} steps later",
                    "some state is not saved or not loaded: is the base optimizer's in state_dict()?",
                )
    return "bit for bit"


def divergence(trial: Trial) -> str:
    """A gradient that is not finite raises an error or leaves the parameters as they were."""
    for query in range(trial.queries(0) if trial.rule["rule"] in (*NORMALIZED, "sgd") else 1):
        walk = trial.walk()

        def interference(index: int, answer: Answer, query: int = query) -> Answer:
            if index != query:
                return answer
            spoiled = {name: value.copy() for name, value in answer[1].items()}
            next(iter(spoiled.values())).flat[-1] = np.nan
            return answer[0], spoiled

        walk.interference = interference
        try:
            taken = walk.take()
        except Exception:
            continue
        if any(not np.array_equal(taken.after[name], taken.before[name]) for name in taken.before):
            count = sum(int(np.isnan(value).sum()) for value in taken.after.values())
            raise _Broken(
                f"one NaN in gradient {query + 1} of step 1 makes {count} parameters NaN",
                "a gradient that is not finite is applied",
            )
    return "refused"


LAWS: Dict[str, Callable[[Trial], str]] = {
    "zero-radius": zero_radius,
    "ascent": ascent,
    "loss-scale": loss_scale,
    "one-batch": one_batch,
    "restored": restored,
    "resume": resume,
    "divergence": divergence,
}
# PyTorch's own optimizers apply a NaN, so refusing it is asked for by name only.
DEFAULT_LAWS = tuple(name for name in LAWS if name != "divergence")


def judge_laws(
    step: Step,
    rule: str = "sam-released",
    problem: Optional[Problem] = None,
    laws: Sequence[str] = DEFAULT_LAWS,
    base: Optional[Step] = None,
    precision: str = "double",
) -> List[Outcome]:
    """The outcomes of some laws; those that say nothing about the rule are left out."""
    if rule not in RULES:
        raise ValueError(f"no rule {rule!r}; there are {', '.join(RULES)}")
    trial = Trial(step, RULES[rule], problem or Saddle(), base, precision)
    outcomes = []
    for name in laws:
        try:
            outcomes.append(Outcome(name, True, LAWS[name](trial)))
        except _NotApplicable:
            continue
        except _Broken as broken:
            outcomes.append(Outcome(name, False, broken.text, broken.cause))
        except Exception as error:
            outcomes.append(Outcome(name, False, f"raised {type(error).__name__}: {error}"))
    return outcomes
