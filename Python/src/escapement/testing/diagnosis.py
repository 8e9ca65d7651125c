"""What a difference from a trajectory usually means.

The gradient function belongs to the check, so the points at which an adapter asked for gradients are known. They
are compared with those of the rule, then the update is compared with what usual mistakes would give.
"""

from __future__ import annotations

import math
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from .problems import Parameters
from .rules import Settings, Step, Taken, across, ascent, dot, minus, norm, plus, reference, times

# Two vectors that are this close, relative to their length, are taken for the same one.
CLOSE = 1e-7

SKIPPED = "one gradient was asked for in this step, the rule asks for two: the second pass is skipped"
NOT_LIVE = "the second gradient was asked for at w itself: does the perturbation act on the live parameters?"
SIGN = "the second gradient was asked for at w - e: the perturbation has the wrong sign"
SQUARED = (
    "the perturbation has the length rho/||g||: it is equal to rho*g/||g||^2, divided by the squared norm"
)
UNNORMALIZED = "the perturbation is {0} times as long as the rule's: it is not divided by {0}"
NOT_RESTORED = "the parameters keep e: w is not restored before the update"
RESTORED_TWICE = "e is subtracted twice: w is restored once by the optimizer and once more"
FIRST_GRADIENT = "the update uses the gradient at w, not that at w + e: a stale gradient"
ADDED = "the update uses the sum of both gradients: they are not cleared between the two passes"
SINGLE = (
    "the length of the perturbation is wrong by a share of {:.0e}: is the norm computed in single precision?"
)
STALE = "the perturbation follows the gradient of the step before: a stale gradient"


def close(a: Parameters, b: Parameters, tolerance: float = CLOSE) -> bool:
    """Whether a is b, up to a share of the length of b."""
    return norm(minus(a, b)) <= tolerance * norm(b)


def ratio(a: Parameters, b: Parameters) -> Optional[float]:
    """The factor c for which a = c·b; None if there is none."""
    square = dot(b, b)
    if square == 0:
        return None
    factor = dot(a, b) / square
    return factor if norm(minus(a, times(b, factor))) <= CLOSE * norm(a) else None


def diagnose(step: Step, case: Any, history: List[Taken], walk: Callable[[Step, Any], Any]) -> str:
    """One sentence about the last step of a history, the first one that differs from the case."""
    expected = _walked(walk(reference(case.rule), case), len(history))
    sgd = _walked(walk(reference({"rule": "sgd"}), case), len(history))
    same = _sameness(history, sgd) if case.rule["rule"] != "sgd" else ""
    cause = (
        _of_queries(history, expected)
        or _of_update(history, expected)
        or _of_count(history[-1], expected[-1])
    )
    if same and cause:
        return f"equals SGD {same}: {cause}"
    if same:
        return f"equals SGD {same}: {NOT_LIVE if len(history[-1].queries) > 1 else SKIPPED}"
    return cause or _otherwise(history[-1], expected[-1])


def _walked(run: Any, steps: int) -> List[Taken]:
    return [run.take() for _ in range(steps)]


def _sameness(history: Sequence[Taken], sgd: Sequence[Taken]) -> str:
    """How the parameters agree with those of SGD in all steps: "bit for bit", "to rounding" or not at all."""
    pairs = [(a.after[name], b.after[name]) for a, b in zip(history, sgd) for name in a.after]
    if all(np.array_equal(a, b) for a, b in pairs):
        return "bit for bit"
    is_near = all(np.abs(a - b).max() <= 1e-12 * np.abs(b).max() for a, b in pairs)
    return "to rounding" if is_near else ""


def _of_queries(history: Sequence[Taken], expected: Sequence[Taken]) -> Optional[str]:
    """What is wrong with the points at which gradients were asked for."""
    found, right = history[-1], expected[-1]
    w = found.before
    if len(found.queries) == 1 and len(right.queries) == 2:
        return SKIPPED
    if len(found.queries) < len(right.queries):
        return _of_count(found, right)
    for index, (a, b) in enumerate(zip(found.queries, right.queries)):
        if a.part != b.part:
            return f"gradient {index + 1} was asked for of the part {a.part}, the rule asks for {b.part}"
        e, e_right = minus(a.point, w), minus(b.point, right.before)
        if index == 1 and right.settings.rule["rule"] == "sam":
            # That of the rule at the point that was reached, which may be some allowed distance away.
            e_right = ascent(w, found.queries[0].gradient, right.settings)
        # What is left of w + e - w by rounding is no difference.
        if norm(minus(e, e_right)) > 1e-10 * norm(e_right) + 1e-13 * norm(w):
            return _of_perturbation(index, e, e_right, history, right)
    return None


def _of_count(found: Taken, right: Taken) -> str:
    if len(found.queries) == len(right.queries):
        return ""
    return (
        f"{len(found.queries)} gradients were asked for in this step, the rule asks for {len(right.queries)}"
    )


def _of_perturbation(
    index: int, e: Parameters, right: Parameters, history: Sequence[Taken], expected: Taken
) -> str:
    """Why gradient `index` was asked for at w + e, not at w + right."""
    found, rho = history[-1], expected.settings.rho
    if norm(right) == 0:
        return f"gradient {index + 1} was asked for {norm(e):.2g} away from w, the rule asks for it at w"
    if norm(e) == 0:
        return NOT_LIVE
    still = [name for name in e if not e[name].any() and right[name].any()]
    if still:
        return f"{', '.join(still)} not perturbed: does the ascent reach every parameter group?"
    g = next(
        (q.gradient for q in found.queries[:index] if ratio(right, q.gradient) is not None),
        found.queries[0].gradient,
    )
    factor = ratio(e, right)
    if factor is not None:
        is_adaptive = expected.settings.rule.get("ascent") == "adaptive"
        scaled = {name: np.abs(found.before[name]) * g[name] for name in g} if is_adaptive else g
        return _of_length(factor, norm(e), norm(right), norm(scaled), "||w*g||" if is_adaptive else "||g||")
    moved = [name for name in e if e[name].any() or right[name].any()]
    scales = [ratio({name: e[name]}, {name: right[name]}) for name in moved]
    if all(scale is not None for scale in scales):
        parts = [f"{name} {scale:.3g}" for name, scale in zip(moved, scales)]
        listed = ", ".join(parts[:4] + ["…"] * (len(parts) > 4))
        return f"the perturbation has another length in each tensor ({listed} times the rule's): a norm of its own?"
    if len(history) > 1:
        before = history[-2].queries
        if any(ratio(e, query.gradient) is not None for query in before):
            return STALE
    w, decay = found.before, found.settings.decay
    others = [
        (
            {name: w[name] ** 2 * g[name] for name in g},
            "the perturbation is adaptive, along w^2*g, the rule's is not",
        ),
        (g, "the perturbation is along the gradient itself, the rule's is not"),
        (plus(g, w, decay), "the weight decay is inside the perturbation"),
        ({name: np.sign(g[name]) for name in g}, "the perturbation is along the signs of the gradient"),
    ]
    for direction, sentence in others:
        if ratio(e, direction) is not None:
            return sentence
    angle = dot(e, right) / (norm(e) * norm(right))
    return f"the perturbation has another direction (cosine {angle:.3f}) and the length {norm(e):.3g}, rho is {rho:.3g}"


def _of_length(factor: float, found: float, right: float, divisor: float, name: str) -> str:
    if abs(factor + 1) <= CLOSE:
        return SIGN
    if factor < 0:
        return f"{SIGN}, and the length {found:.3g}, the rule's is {right:.3g}"
    if math.isclose(factor, 1, rel_tol=1e-5):
        return SINGLE.format(abs(factor - 1))
    if math.isclose(factor * divisor, 1, rel_tol=1e-6):
        return SQUARED.replace("||g||", name)
    if math.isclose(factor, divisor, rel_tol=1e-6):
        return UNNORMALIZED.format(name)
    return (
        f"the perturbation has the length {found:.6g}, the rule's has {right:.6g} in this step: "
        "which radius is used here, and is it that of this epoch and learning rate?"
    )


def _of_update(history: Sequence[Taken], expected: Sequence[Taken]) -> Optional[str]:
    """What is wrong with the update, all gradients being those of the rule."""
    found, right = history[-1], expected[-1]
    moved = minus(found.after, found.before)
    for after, sentence in _candidates(history, expected):
        if close(minus(after, found.before), moved, 1e-6):
            return sentence
    factor = ratio(moved, minus(right.after, right.before))
    if factor is not None:
        return (
            f"the update moves {factor:.6g} times as far as the rule's: "
            f"does the learning rate of this step, {found.settings.rate:g}, reach the optimizer?"
        )
    return None


def _candidates(history: Sequence[Taken], expected: Sequence[Taken]) -> Iterator[Tuple[Parameters, str]]:
    right = expected[-1]
    points = [taken.before for taken in history]
    directions = _directions(expected)
    settings = [taken.settings for taken in expected]
    if len(right.queries) > 1:
        e = minus(right.queries[-1].point, right.before)
        yield plus(right.after, e), NOT_RESTORED
        # The update is made at w + e, its weight decay with it.
        yield plus(right.after, e, 1 - settings[-1].rate * settings[-1].decay), NOT_RESTORED
        yield plus(right.after, e, -1), RESTORED_TWICE
        first = [taken.queries[0].gradient for taken in expected]
        last = [taken.queries[-1].gradient for taken in expected]
        sums = [plus(a, b) for a, b in zip(first, last)]
        yield _descended(points, directions[:-1] + first[-1:], settings), FIRST_GRADIENT
        yield (
            _descended(points, directions[:-1] + last[-1:], settings),
            "the update is SAM's: alpha has no effect",
        )
        yield _descended(points, directions[:-1] + sums[-1:], settings), ADDED
        shifted = plus(directions[-1], e, settings[-1].decay)
        yield (
            _descended(points, [*directions[:-1], shifted], settings),
            "the weight decay is taken at w + e, not at w",
        )
    yield from _of_rule(points, directions, expected)
    for kind, sentence in _DESCENTS.items():
        yield _descended(points, directions, settings, kind), sentence


def _directions(expected: Sequence[Taken]) -> List[Parameters]:
    """The gradient along which the rule descends, in each step, without weight decay."""
    result: List[Parameters] = []
    last: Optional[Parameters] = None
    for taken in expected:
        # b = μ·b + g + λ·w, and w moves by -η·b.
        b = times(minus(taken.after, taken.before), -1 / taken.settings.rate)
        d = b if last is None else plus(b, last, -taken.settings.momentum)
        result.append(plus(d, taken.before, -taken.settings.decay))
        last = b
    return result


def _of_rule(
    points: List[Parameters], directions: List[Parameters], expected: Sequence[Taken]
) -> Iterator[Tuple[Parameters, str]]:
    """Mistakes of one rule."""
    taken, settings = expected[-1], [taken.settings for taken in expected]
    rule = taken.settings.rule
    if rule["rule"] == "gsam":
        g, s = taken.queries[0].gradient, taken.queries[-1].gradient
        others = [
            (plus(s, across(g, s), rule["alpha"]), "alpha has the wrong sign"),
            (
                plus(s, across(s, g), -rule["alpha"]),
                "the gradient at w + e is decomposed, the rule decomposes that at w",
            ),
            (plus(g, across(g, s), -rule["alpha"]), "the decomposed part is taken from the gradient at w"),
        ]
    elif rule["rule"] == "looksam" and len(taken.queries) == 1:
        g, v = taken.queries[0].gradient, taken.settings.state["looksam-direction"]
        sharp = next(t.queries[-1].gradient for t in reversed(expected) if len(t.queries) == 2)
        others = [
            (g, "between two perturbed steps the update is SGD's: the kept direction has no effect"),
            (plus(g, v, rule["alpha"]), "the kept direction is not scaled to the length of the gradient"),
            (plus(g, v, -rule["alpha"] * norm(g) / norm(v)), "the kept direction has the wrong sign"),
            (
                plus(g, sharp, rule["alpha"] * norm(g) / norm(sharp)),
                "the whole gradient at w + e is kept, not its part across g",
            ),
            (
                _tensor_by_tensor(expected),
                "parts and lengths are taken in each tensor, the rule takes them over all parameters",
            ),
        ]
    else:
        return
    for direction, sentence in others:
        yield _descended(points, [*directions[:-1], direction], settings), sentence


def _tensor_by_tensor(expected: Sequence[Taken]) -> Parameters:
    """The direction of LookSAM between two perturbed steps, with its parts and lengths in each tensor by itself."""
    full = next(taken for taken in reversed(expected) if len(taken.queries) == 2)
    g, alpha = expected[-1].queries[0].gradient, expected[-1].settings.rule["alpha"]
    result = {}
    for name, own in g.items():
        v = across({name: full.queries[1].gradient[name]}, {name: full.queries[0].gradient[name]})[name]
        result[name] = own + alpha * np.linalg.norm(own) / (np.linalg.norm(v) + 1e-12) * v
    return result


_DESCENTS: Dict[str, str] = {
    "decoupled": "the weight decay is decoupled, outside the momentum: d = g + decay*w is the rule's",
    "without decay": "the weight decay has no effect",
    "late decay": "the weight decay is added after the momentum, the rule adds it before",
    "without momentum": "the momentum has no effect: is the base optimizer's state kept between steps?",
    "dampened": "the gradient is dampened, b = mu*b + (1 - mu)*d: the rule's is b = mu*b + d",
    "average": "the momentum is an average from zero, b = mu*b + (1 - mu)*d: the rule's begins with b = d",
    "nesterov": "the momentum is Nesterov's, the rule's is not",
    "rate inside": "the learning rate is inside the momentum: old gradients keep the old rate when it changes",
    "first rate": "the learning rate is still that of the first epoch: does the change reach the base optimizer?",
}


def _descended(
    points: Sequence[Parameters],
    directions: Sequence[Parameters],
    settings: Sequence[Settings],
    kind: str = "rule",
) -> Parameters:
    """The parameters after the last of some steps, by SGD with momentum or a usual departure from it."""
    b: Optional[Parameters] = None
    after: Parameters = {}
    for w, g, now in zip(points, directions, settings):
        rate, mu, decay = now.rate, now.momentum, now.decay
        has_decay = kind not in ("decoupled", "without decay", "late decay")
        d = plus(g, w, decay) if has_decay else g
        if kind == "rate inside":
            d = times(d, rate)
        if kind == "average":
            b = plus(times(d, 1 - mu), b or times(d, 0.0), mu)
        elif b is None or kind == "without momentum":
            b = d
        else:
            b = plus(times(d, 1 - mu) if kind == "dampened" else d, b, mu)
        move = plus(d, b, mu) if kind == "nesterov" else b
        if kind == "late decay" or kind == "decoupled":
            move = plus(move, w, decay)
        if kind == "rate inside":
            rate = 1.0
        if kind == "first rate":
            rate = settings[0].rate
        after = plus(w, move, -rate)
    return after


def _otherwise(found: Taken, right: Taken) -> str:
    a, b = minus(found.after, found.before), minus(right.after, right.before)
    if norm(a) == 0:
        return "the step does not change the parameters"
    cosine = dot(a, b) / (norm(a) * norm(b))
    return (
        "no usual cause: all gradients were asked for where the rule asks for them; the update has "
        f"{norm(a) / norm(b):.3g} times the length of the rule's and the cosine {cosine:.4f} with it"
    )
