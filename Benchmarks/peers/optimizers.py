"""Optimizers of other packages on the conformance trajectories and laws, as the table of Documentation/Peers.md.

    pip install dist/escapement-*.whl -r Benchmarks/peers/optimizers.txt
    python Benchmarks/peers/optimizers.py [NAME...]

prints the table as Markdown. Every optimizer is used as its documentation shows, with SGD of its framework as base
optimizer, in float64. What differs in double precision is judged again with the bounds for single precision.
"""

import importlib.metadata
import re
import sys
import warnings

import torch
from escapement.testing import (
    DEFAULT_LAWS,
    optax_update,
    torch_closure,
    torch_optimizer,
    torch_two_steps,
)
from escapement.testing.laws import judge_laws
from escapement.testing.trajectories import judge_all

warnings.filterwarnings("ignore")


def sgd_options(settings):
    return {"lr": settings.rate, "momentum": settings.momentum, "weight_decay": settings.decay}


def torch_sgd(parameters, settings):
    return torch.optim.SGD(parameters, **sgd_options(settings))


def plain_step(optimizer, loss):
    optimizer.zero_grad()
    loss().backward()
    optimizer.step()


def pytorch_optimizer_with(name, **constants):
    """SAM-like optimizers of pytorch_optimizer, around SGD of PyTorch."""

    def make(parameters, settings):
        import pytorch_optimizer

        kind = getattr(pytorch_optimizer, name)
        return kind(parameters, torch.optim.SGD, rho=settings.rho, **constants, **sgd_options(settings))

    return make


def pytorch_optimizer_gsam():
    class Radius:
        def __init__(self, settings):
            self.settings = settings

        def step(self):
            return self.settings.rho

    def make(parameters, settings):
        import pytorch_optimizer

        base = torch_sgd(parameters, settings)
        return pytorch_optimizer.GSAM(
            base.param_groups, base, torch.nn.Module(), Radius(settings), alpha=settings.rule["alpha"]
        )

    def drive(optimizer, loss):
        def closure():
            optimizer.base_optimizer.zero_grad()
            with torch.enable_grad():
                value = loss()
            value.backward()
            return None, value.detach()

        optimizer.step(closure)

    return torch_optimizer(make, drive)


def sam_pytorch(parameters, settings):
    import sam

    base = torch_sgd(parameters, settings)
    optimizer = sam.SAM(parameters, base, rho=settings.rho)
    optimizer.base_optimizer = base
    return optimizer


def unifiedsam_with(share):
    def make(parameters, settings):
        import unifiedsam

        return unifiedsam.unifiedSAM(
            parameters, torch.optim.SGD, rho=settings.rho, lambd=share, **sgd_options(settings)
        )

    return make


def temperon(parameters, settings):
    import temperon as package

    return package.Temperon(torch_sgd(parameters, settings), total_steps=25, tail_frac=1.0, rho=settings.rho)


def sam_sps(parameters, settings):
    import sam_sps as package

    return package.SAM_SPS(parameters, weight_decay=settings.decay, rho=settings.rho, gamma_b=settings.rate)


def torchzero_with(name):
    def make(parameters, settings):
        import torchzero as tz

        return tz.Optimizer(
            parameters,
            getattr(tz.m, name)(rho=settings.rho),
            tz.m.WeightDecay(settings.decay),
            tz.m.HeavyBall(settings.momentum, ema_init="zeros"),
            tz.m.LR(settings.rate),
        )

    def drive(optimizer, loss):
        def closure(backward=True):
            value = loss()
            if backward:
                optimizer.zero_grad()
                value.backward()
            return value

        optimizer.step(closure)

    return torch_optimizer(make, drive, groups=1)


def heavyball_sgd(parameters, settings):
    import heavyball

    return heavyball.SGD(parameters, lr=settings.rate, beta=settings.momentum, weight_decay=settings.decay)


def heavyball_sam(parameters, settings):
    import heavyball

    base = heavyball_sgd(parameters, settings)
    optimizer = heavyball.SAMWrapper(parameters, base, ball=settings.rho)
    optimizer.base_optimizer = base
    return optimizer


def optax_sam(opaque):
    def make(settings):
        import optax

        base = optax.chain(
            optax.add_decayed_weights(settings.decay), optax.sgd(settings.rate, settings.momentum)
        )
        ascent = optax.chain(optax.contrib.normalize(), optax.sgd(settings.rho))
        return optax.contrib.sam(base, ascent, opaque_mode=opaque)

    if opaque:
        return optax_update(make, gradient_argument="grad_fn")
    return optax_update(make, updates=2)


# Package, what it is called there, the adapter, the rule, the laws where not all apply.
PEERS = [
    ("torch", "SGD", lambda: torch_optimizer(torch_sgd, plain_step), "sgd"),
    ("pytorch_optimizer", "SAM", lambda: torch_closure(pytorch_optimizer_with("SAM")), "sam-released"),
    (
        "pytorch_optimizer",
        "SAM, adaptive",
        lambda: torch_closure(pytorch_optimizer_with("SAM", adaptive=True)),
        "sam-adaptive",
    ),
    ("pytorch_optimizer", "GSAM", pytorch_optimizer_gsam, "gsam"),
    (
        "pytorch_optimizer",
        "LookSAM",
        lambda: torch_closure(pytorch_optimizer_with("LookSAM", k=3, alpha=0.7)),
        "looksam",
    ),
    (
        "pytorch_optimizer",
        "FriendlySAM",
        lambda: torch_closure(pytorch_optimizer_with("FriendlySAM", sigma=1.0, lmbda=0.9)),
        "friendly-sam",
    ),
    ("optax", "contrib.sam", lambda: optax_sam(False), "sam-released"),
    ("optax", "contrib.sam, opaque", lambda: optax_sam(True), "sam-released"),
    ("torchzero", "SAM", lambda: torchzero_with("SAM"), "sam-released"),
    ("torchzero", "ASAM", lambda: torchzero_with("ASAM"), "sam-adaptive"),
    ("heavyball", "SGD", lambda: torch_optimizer(heavyball_sgd, plain_step, groups=1), "sgd"),
    (
        "heavyball",
        "SAMWrapper",
        lambda: torch_closure(heavyball_sam, groups=1, backward_first=False),
        "sam-adaptive",
    ),
    (
        "sam-pytorch",
        "SAM",
        lambda: torch_closure(sam_pytorch, groups=1, backward_first=False),
        "sam-released",
    ),
    ("unifiedsam", "unifiedSAM, λ = 1", lambda: torch_two_steps(unifiedsam_with(1.0)), "sam-released"),
    ("unifiedsam", "unifiedSAM, λ = 0", lambda: torch_two_steps(unifiedsam_with(0.0)), "sam-unnormalized"),
    ("temperon", "Temperon", lambda: torch_closure(temperon, backward_first=False), "sam-released"),
    (
        "sam-sps",
        "SAM_SPS",
        lambda: torch_closure(sam_sps, backward_first=False),
        "sam-released",
        ("ascent", "loss-scale", "one-batch", "restored"),
    ),
]


def counted(outcomes):
    return f"{sum(outcome.holds for outcome in outcomes)} of {len(outcomes)}" if outcomes else "–"


def row(package, name, adapter, rule, laws=None):
    """One line of the table. With laws of its own an optimizer has another step size and no trajectory."""
    step = adapter()
    judged = []
    for precision in ("double", "single"):
        trajectories = [] if laws else judge_all(step, rule, precision=precision)
        judged.append((trajectories, judge_laws(step, rule, laws=laws or DEFAULT_LAWS, precision=precision)))
    cells = [f"{package} {importlib.metadata.version(package)}", name, f"`{rule}`"]
    cells += [counted(judged[column][kind]) for kind in (0, 1) for column in (0, 1)]
    double, single = ([outcome for outcome in a + b if not outcome.holds] for a, b in judged)
    return cells, list(lines(double, single))


def lines(double, single):
    """One line for each cause, with the first outcome that has it."""
    left = {outcome.name for outcome in single}
    names, firsts = {}, {}
    for outcome in double + single:
        # Numbers differ between cases of one cause.
        cause = re.sub(r"\([^)]*\)|[0-9.e-]*[0-9]", "", outcome.cause or outcome.text)
        if outcome.name not in names.setdefault(cause, []):
            names[cause].append(outcome.name)
        firsts.setdefault(cause, outcome)
    for cause, first in firsts.items():
        remark = "" if left & set(names[cause]) else " (within the bounds for single precision)"
        listed = ", ".join(f"`{name}`" for name in names[cause])
        yield f"{listed}{remark}: {first.text}" + (f"; {first.cause}" if first.cause else "")


def main():
    import jax

    jax.config.update("jax_enable_x64", True)
    chosen = [peer for peer in PEERS if len(sys.argv) == 1 or peer[0] in sys.argv[1:]]
    rows = [row(*peer) for peer in chosen]
    print("| package | optimizer | rule | trajectories | in single | laws | in single |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for cells, _ in rows:
        print(f"| {' | '.join(cells)} |")
    for cells, parts in rows:
        if parts:
            print(f"\n**{cells[0]}, {cells[1]}**\n")
            print("\n".join(f"- {part}" for part in parts))


if __name__ == "__main__":
    main()
