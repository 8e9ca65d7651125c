"""A right SAM on NumPy, and the same with one fault each."""

from escapement.testing.rules import norm, plus, times


def sam(fault="none"):
    """An adapter of SAM with a fault, or without one."""

    def step(w, gradient, settings):
        state, rho = settings.state, settings.rho
        loss, g = gradient(w)
        if fault == "skipped second pass":
            d = g
            e = times(g, 0.0)
        else:
            direction = state.get("last", g) if fault == "stale perturbation" else g
            length = norm(direction)
            scale = rho / {"squared norm": length**2, "not normalized": 1.0}.get(fault, length + 1e-12)
            e = times(direction, -scale if fault == "sign" else scale)
            if fault == "first group only":
                names = list(e)
                for name in names[-(-len(names) // 2) :]:
                    e[name] = 0.0 * e[name]
            if fault == "norm of each tensor":
                e = {name: rho * g[name] / norm({name: g[name]}) for name in g}
            if fault == "decay in the ascent":
                direction = plus(g, w, settings.decay)
                e = times(direction, rho / norm(direction))
            state["last"] = g
            sharp = gradient(w if fault == "dead perturbation" else plus(w, e))[1]
            d = {"stale gradient": g, "sum": plus(g, sharp)}.get(fault, sharp)
        if fault != "no decay":
            at = plus(w, e) if fault == "decay at w + e" else w
            d = plus(d, at, settings.decay)
        before = None if fault == "no momentum" else state.get("b")
        if before is not None:
            d = plus(times(d, 1 - settings.momentum) if fault == "dampened" else d, before, settings.momentum)
        state["b"] = d
        rate = state.setdefault("rate", settings.rate) if fault == "first rate" else settings.rate
        after = plus(w, d, -rate)
        if fault == "restored by subtraction":
            return plus(plus(plus(w, e), e, -1), d, -rate)
        return plus(after, e) if fault == "missing restore" else after

    return step


# What each fault must be called, in part.
SENTENCES = {
    "sign": "w - e: the perturbation has the wrong sign",
    "missing restore": "the parameters keep e",
    "first group only": "does the ascent reach every parameter group?",
    "squared norm": "rho*g/||g||^2",
    "stale gradient": "a stale gradient",
    "skipped second pass": "the second pass is skipped",
    "dead perturbation": "does the perturbation act on the live parameters?",
    "not normalized": "not divided by ||g||",
    "norm of each tensor": "a norm of its own?",
    "stale perturbation": "follows the gradient of the step before",
    "decay in the ascent": "the weight decay is inside the perturbation",
    "decay at w + e": "the weight decay is taken at w + e",
    "sum": "the sum of both gradients",
    "no decay": "the weight decay has no effect",
    "no momentum": "the momentum has no effect",
    "dampened": "dampened",
    "first rate": "the learning rate is still that of the first epoch",
}
