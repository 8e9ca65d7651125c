"""Adapters for optimizers of PyTorch and for gradient transformations of optax.

An adapter is a function `step(parameters, gradient, settings)`; see `rules`. These make one from an optimizer:

    torch_two_steps(make)      loss.backward(); first_step(); loss.backward(); second_step()
    torch_closure(make)        loss.backward(); step(closure)
    torch_optimizer(make, drive)   a training step of your own
    optax_update(make)         update(gradients, state, parameters), once or several times

`make(parameters, settings)` makes the optimizer; `parameters` is what its constructor expects first.
"""

from __future__ import annotations

import io
import pickle
from typing import Any, Callable, Dict, List, Optional

import numpy as np

from .problems import Parameters
from .rules import Gradient, Settings, Step

# The loss of the mini-batch at the live parameters, as a scalar to call backward() on.
Loss = Callable[[], Any]
Drive = Callable[[Any, Loss], None]


def save(step: Step, settings: Settings) -> bytes:
    """The adapter's state as bytes, as a training script would store it."""
    own = getattr(step, "save", None)
    return own(settings) if own else pickle.dumps(settings.state)


def load(step: Step, data: bytes, parameters: Parameters, settings: Settings) -> None:
    """Puts a saved state into the settings of a fresh trajectory."""
    own = getattr(step, "load", None)
    if own:
        own(data, parameters, settings)
    else:
        settings.state.update(pickle.loads(data))


class TorchAdapter:
    """An optimizer of PyTorch on float64 tensors whose gradients come from the check.

    Before every step the learning rate of `settings` is set in every parameter group of the optimizer and of its
    `base_optimizer`, and the radius where a group has "rho". The parameters come in two groups if there are
    several tensors, so that a rule that reaches only the first group shows.
    """

    def __init__(self, make: Callable[[Any, Settings], Any], drive: Drive, groups: int = 2) -> None:
        self._make, self._drive, self._groups = make, drive, groups

    def __call__(self, parameters: Parameters, gradient: Gradient, settings: Settings) -> Parameters:
        import torch

        if "optimizer" not in settings.state:
            self._begin(parameters, settings)
        live, optimizer = settings.state["live"], settings.state["optimizer"]
        with torch.no_grad():
            for name, value in parameters.items():
                if not np.array_equal(live[name].numpy(), value):
                    live[name].copy_(torch.from_numpy(value))
        for owner in (optimizer, getattr(optimizer, "base_optimizer", None)):
            for group in getattr(owner, "param_groups", []):
                group["lr"] = settings.rate
                if "rho" in group:
                    group["rho"] = settings.rho
        self._drive(optimizer, _loss(live, gradient))
        return {name: tensor.detach().numpy().copy() for name, tensor in live.items()}

    def _begin(self, parameters: Parameters, settings: Settings) -> None:
        import torch

        live = {
            name: torch.nn.Parameter(torch.from_numpy(value.copy())) for name, value in parameters.items()
        }
        tensors: List[Any] = list(live.values())
        size = -(-len(tensors) // max(1, self._groups))
        groups = [{"params": tensors[i : i + size]} for i in range(0, len(tensors), size)]
        settings.state["live"] = live
        settings.state["optimizer"] = self._make(tensors if len(groups) == 1 else groups, settings)

    def save(self, settings: Settings) -> bytes:
        """`state_dict()` as torch.save writes it."""
        import torch

        file = io.BytesIO()
        torch.save(settings.state["optimizer"].state_dict(), file)
        return file.getvalue()

    def load(self, data: bytes, parameters: Parameters, settings: Settings) -> None:
        """`load_state_dict` of a new optimizer on new tensors."""
        import torch

        self._begin(parameters, settings)
        settings.state["optimizer"].load_state_dict(torch.load(io.BytesIO(data), weights_only=False))


def _loss(live: Dict[str, Any], gradient: Gradient) -> Loss:
    """The loss as a function of autograd: backward() adds the check's gradient to each `.grad`."""
    import torch

    class Query(torch.autograd.Function):
        @staticmethod
        def forward(context: Any, *tensors: Any) -> Any:
            loss, answer = gradient({name: t.detach().numpy() for name, t in zip(live, tensors)})
            context.answer = [torch.from_numpy(answer[name]) for name in live]
            return torch.tensor(loss, dtype=torch.float64)

        @staticmethod
        def backward(context: Any, factor: Any) -> Any:
            return tuple(factor * value for value in context.answer)

    return lambda: Query.apply(*live.values())  # type: ignore[no-untyped-call]


def torch_optimizer(make: Callable[[Any, Settings], Any], drive: Drive, groups: int = 2) -> TorchAdapter:
    """An adapter from a training step of your own: `drive(optimizer, loss)` takes one.

    `loss()` gives the loss of the step's mini-batch at the live parameters; call `backward()` on it.
    """
    return TorchAdapter(make, drive, groups)


def torch_two_steps(make: Callable[[Any, Settings], Any], groups: int = 2) -> TorchAdapter:
    """An adapter for optimizers with `first_step(zero_grad=True)` and `second_step(zero_grad=True)`."""

    def drive(optimizer: Any, loss: Loss) -> None:
        loss().backward()
        optimizer.first_step(zero_grad=True)
        loss().backward()
        optimizer.second_step(zero_grad=True)

    return TorchAdapter(make, drive, groups)


def torch_closure(
    make: Callable[[Any, Settings], Any], groups: int = 2, backward_first: bool = True
) -> TorchAdapter:
    """An adapter for optimizers with `step(closure)`, whose closure clears gradients and computes them anew.

    With `backward_first`, the gradients at the parameters are computed before `step`, as most SAM optimizers
    expect; without it, `step` calls the closure itself for these too.
    """

    def drive(optimizer: Any, loss: Loss) -> None:
        def closure() -> Any:
            optimizer.zero_grad()
            value = loss()
            value.backward()
            return value

        if backward_first:
            closure()
        optimizer.step(closure)

    return TorchAdapter(make, drive, groups)


class OptaxAdapter:
    """A gradient transformation of optax, made anew for each step's settings while its state goes on."""

    def __init__(
        self, make: Callable[[Settings], Any], updates: int = 1, gradient_argument: Optional[str] = None
    ) -> None:
        self._make, self._updates, self._argument = make, updates, gradient_argument

    def __call__(self, parameters: Parameters, gradient: Gradient, settings: Settings) -> Parameters:
        import jax
        import optax

        if jax.numpy.asarray(0.0).dtype != np.float64:
            raise RuntimeError('the bounds are for float64: jax.config.update("jax_enable_x64", True)')
        transformation = self._make(settings)
        w = {name: jax.numpy.asarray(value) for name, value in parameters.items()}
        if "optax" not in settings.state:
            settings.state["optax"] = transformation.init(w)

        def gradients(at: Any, *_: Any) -> Any:
            answer = gradient({name: np.asarray(value) for name, value in at.items()})[1]
            return {name: jax.numpy.asarray(value) for name, value in answer.items()}

        extra = {self._argument: gradients} if self._argument else {}
        for _ in range(self._updates):
            updates, settings.state["optax"] = transformation.update(
                gradients(w), settings.state["optax"], w, **extra
            )
            w = optax.apply_updates(w, updates)
        return {name: np.asarray(value) for name, value in w.items()}


def optax_update(
    make: Callable[[Settings], Any], updates: int = 1, gradient_argument: Optional[str] = None
) -> OptaxAdapter:
    """An adapter from `make(settings)`, which makes a gradient transformation.

    `updates` is the number of calls of `update` in one step, 2 for optax.contrib.sam as it is by default.
    `gradient_argument` names the argument that takes a function from parameters to gradients: "grad_fn" for
    optax.contrib.sam in opaque mode.
    """
    return OptaxAdapter(make, updates, gradient_argument)
