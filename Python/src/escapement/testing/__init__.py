"""Checks of optimizers: against the conformance vectors, against laws, and against goldens of your own.

from escapement.testing import check, torch_two_steps

def make(parameters, settings):
    return SAM(parameters, rho=settings.rho, lr=settings.rate, momentum=settings.momentum,
               weight_decay=settings.decay)

def test_sam():
    check(torch_two_steps(make), rule="sam-released")
"""

from __future__ import annotations

from typing import Any, Callable, List, Optional, Sequence, Union

from ..vectors import Vectors, archive
from .adapters import TorchAdapter, optax_update, torch_closure, torch_optimizer, torch_two_steps
from .expectations import GoldenFailure, expect_golden
from .laws import DEFAULT_LAWS, LAWS, judge_laws
from .problems import OwnProblem, Problem
from .rules import RULES, Gradient, Settings, Step, reference
from .trajectories import Outcome, judge_all

__all__ = [
    "DEFAULT_LAWS",
    "LAWS",
    "RULES",
    "ConformanceFailure",
    "GoldenFailure",
    "Gradient",
    "Optimizer",
    "Outcome",
    "OwnProblem",
    "Settings",
    "Step",
    "TorchAdapter",
    "check",
    "check_laws",
    "expect_golden",
    "optax_update",
    "optimizer",
    "reference",
    "torch_closure",
    "torch_optimizer",
    "torch_problem",
    "torch_two_steps",
]


class ConformanceFailure(AssertionError):
    """What an optimizer does not keep; `outcomes` has all that was judged."""

    def __init__(self, title: str, outcomes: Sequence[Outcome]) -> None:
        self.outcomes = list(outcomes)
        broken = [str(outcome) for outcome in outcomes if not outcome.holds]
        summary = f"{title}: {len(broken)} of {len(outcomes)} fail"
        super().__init__("\n".join([summary, *(f"  {line}" for line in broken)]))


def check(
    step: Step,
    rule: str = "sam-released",
    vectors: Union[None, str, Vectors] = None,
    laws: Sequence[str] = DEFAULT_LAWS,
    precision: str = "double",
) -> List[Outcome]:
    """Checks an adapter against the trajectories of a rule, and against the laws.

    The trajectories are those inside the wheel; `vectors` gives others, or the path or URL of a release archive,
    which has the networks too. With the precision "single" the bounds are those of an optimizer that computes
    something, such as the norm of the gradient, in single precision. Raises ConformanceFailure, with the first step
    that differs, the tensor, the size and what that usually means; returns the outcomes otherwise.
    """
    given = archive(vectors) if isinstance(vectors, str) else vectors
    outcomes = judge_all(step, rule, given, precision) + judge_laws(
        step, rule, laws=laws, precision=precision
    )
    return _demand(f"{rule} is not kept", outcomes)


def check_laws(
    step: Step,
    rule: str = "sam-released",
    problem: Optional[Problem] = None,
    laws: Sequence[str] = DEFAULT_LAWS,
    base: Optional[Step] = None,
    precision: str = "double",
) -> List[Outcome]:
    """Checks an adapter against the laws alone, on a problem of your own if one is given.

    `base` is the adapter of the base optimizer, by default SGD with momentum and weight decay. Raises
    ConformanceFailure; returns the outcomes otherwise.
    """
    return _demand("laws are broken", judge_laws(step, rule, problem, laws, base, precision))


def _demand(title: str, outcomes: List[Outcome]) -> List[Outcome]:
    if all(outcome.holds for outcome in outcomes):
        return outcomes
    raise ConformanceFailure(title, outcomes)


class Optimizer:
    """An adapter that `pytest --escapement` checks against a rule, one test for each case and law."""

    def __init__(self, step: Step, rule: str, laws: Sequence[str], precision: str) -> None:
        self.step, self.rule, self.laws, self.precision = step, rule, tuple(laws), precision


def optimizer(
    step: Step,
    rule: str = "sam-released",
    laws: Sequence[str] = DEFAULT_LAWS,
    precision: str = "double",
) -> Optimizer:
    """Marks an adapter in a test file for `pytest --escapement`:

    mine = optimizer(torch_two_steps(make), rule="sam-released")
    """
    return Optimizer(step, rule, laws, precision)


def torch_problem(model: Any, loss: Callable[[Any, int], Any]) -> OwnProblem:
    """Your own small model as a problem for `check_laws`.

    `loss(model, step)` gives the loss of the mini-batch of a step; it must give the same loss for the same
    parameters and step. A copy of the model in float64 is used.
    """
    import copy

    import torch

    own = copy.deepcopy(model).double()
    names = [name for name, _ in own.named_parameters()]

    def function(parameters: Any, step: int) -> Any:
        with torch.no_grad():
            for name, tensor in own.named_parameters():
                tensor.copy_(torch.from_numpy(parameters[name]))
        # The check asks from inside another function of autograd, where recording is off.
        with torch.enable_grad():
            value = loss(own, step)
            gradients = torch.autograd.grad(value, [tensor for _, tensor in own.named_parameters()])
        return value.item(), {name: g.numpy() for name, g in zip(names, gradients)}

    return OwnProblem({name: tensor.detach().numpy() for name, tensor in own.named_parameters()}, function)
