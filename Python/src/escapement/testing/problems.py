"""Losses with known gradients, in float64 on NumPy: the problems of the conformance vectors, and a user's own.

Parameters and gradients are dictionaries of arrays under the names of a state dictionary.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Protocol, Sequence, Tuple

import numpy as np

from ..vectors import Case

Array = np.ndarray
Parameters = Dict[str, Array]
Answer = Tuple[float, Parameters]


class Problem(Protocol):
    """A loss on mini-batches: what laws and trajectories run on."""

    parameters: Parameters

    def loss_and_gradient(self, parameters: Parameters, step: int, part: str, shard: Optional[int]) -> Answer:
        """The loss of the mini-batch of a step, and its gradient.

        `part` is "all", "head" or "tail"; `shard` is the position of a shard of the batch, or None.
        """


class Saddle:
    """½ Σ λᵢ wᵢ² with λ of both signs, in two tensors; each step has another slope ⟨b, w⟩.

    Head and tail have half of the loss each.
    """

    def __init__(self) -> None:
        stream = np.random.default_rng(20)
        self.parameters: Parameters = {
            "first.weight": stream.uniform(0.25, 1, (3, 4)) * stream.choice([-1, 1], (3, 4)),
            "second.bias": stream.uniform(0.25, 1, 8) * stream.choice([-1, 1], 8),
        }
        self._spectrum = {name: stream.uniform(-1, 2, w.shape) for name, w in self.parameters.items()}
        self._slopes = {
            name: stream.uniform(-0.25, 0.25, (7, *w.shape)) for name, w in self.parameters.items()
        }

    def loss_and_gradient(self, parameters: Parameters, step: int, part: str, shard: Optional[int]) -> Answer:
        loss, gradient = 0.0, {}
        share = 1.0 if part == "all" else 0.5
        for name, w in parameters.items():
            slope = self._slopes[name][step % 7]
            loss += float((0.5 * self._spectrum[name] * w * w + slope * w).sum())
            gradient[name] = share * (self._spectrum[name] * w + slope)
        return share * loss, gradient


class OwnProblem:
    """A user's parameters and a function (parameters, step) -> (loss, gradient).

    Head and tail have half of the loss each.
    """

    def __init__(self, parameters: Parameters, function: Callable[[Parameters, int], Answer]) -> None:
        self.parameters = {name: np.array(value, np.float64) for name, value in parameters.items()}
        self._function = function

    def loss_and_gradient(self, parameters: Parameters, step: int, part: str, shard: Optional[int]) -> Answer:
        loss, gradient = self._function(parameters, step)
        share = 1.0 if part == "all" else 0.5
        return share * float(loss), {
            name: share * np.asarray(value, np.float64) for name, value in gradient.items()
        }


class CaseProblem:
    """The problem of a conformance case, with the losses of the parts that its rule asks for."""

    def __init__(self, case: Case) -> None:
        self.parameters = {name: rows[0] for name, rows in case.group("parameters").items()}
        self._fields, self._rule = case.problem, case.rule
        self._labels = case.samples["labels"]
        self._samples = case.samples
        kind = case.problem["model"]["kind"]
        if kind == "classwise-quadratic":
            self._losses: Any = self._quadratic
        elif kind == "multilayer-perceptron":
            self._losses = _Network(_perceptron, case)
        elif kind == "cifar-resnet":
            self._losses = _Network(_resnet, case)
        else:
            raise ValueError(f"{case.name} runs on {kind}, of which this version knows nothing")

    def loss_and_gradient(self, parameters: Parameters, step: int, part: str, shard: Optional[int]) -> Answer:
        if shard is None and "micro_batch" in self._rule:
            return self._mean(parameters, step, part)
        batches = self._fields["batches"]
        positions = np.arange(*batches[step % len(batches)])
        if shard is not None:
            size = self._shard_size(len(positions))
            positions = positions[shard * size : (shard + 1) * size]
        if len(positions) == 0:
            return 0.0, {name: np.zeros_like(w) for name, w in parameters.items()}
        answer: Answer = self._losses(parameters, positions, self._shares(positions, part))
        return answer

    def shards(self, step: int) -> int:
        """The number of shards or micro-batches of a step's mini-batch; 1 for rules without."""
        if "shards" in self._rule:
            return int(self._rule["shards"])
        batches = self._fields["batches"]
        begin, end = batches[step % len(batches)]
        return -(-int(end - begin) // self._shard_size(end - begin))

    def _shard_size(self, count: int) -> int:
        if "micro_batch" in self._rule:
            return int(self._rule["micro_batch"])
        return int(self._rule.get("shard_size") or -(-count // self._rule.get("shards", 1)))

    def _mean(self, parameters: Parameters, step: int, part: str) -> Answer:
        """The mean over the micro-batches of the losses and gradients of each."""
        count = self.shards(step)
        loss, total = 0.0, {name: np.zeros_like(w) for name, w in parameters.items()}
        for shard in range(count):
            own, gradient = self.loss_and_gradient(parameters, step, part, shard)
            loss += own / count
            total = {name: total[name] + gradient[name] / count for name in total}
        return loss, total

    def _shares(self, positions: Array, part: str) -> Array:
        """What each sample's loss counts in the loss of a part, divisor and factor included."""
        count = len(positions)
        if part == "all":
            return np.full(count, 1 / count)
        labels = self._labels[positions]
        if self._rule["rule"] == "focal-sam":
            counts = np.array(self._fields["class_counts"], np.float64)
            tail = (self._rule["scale"] * (1 - counts / counts.sum()) ** self._rule["gamma"])[labels]
        else:
            tail = np.isin(labels, self._fields["tail_classes"]).astype(np.float64)
        share = tail if part == "tail" else 1 - tail
        if not share.any():
            return np.asarray(share)
        factor = self._rule["tail_factor"] if part == "tail" else 1.0
        divisor = share.sum() if self._rule["part_divisor"] == "part" else count
        return np.asarray(factor * share / divisor)

    def _quadratic(self, parameters: Parameters, positions: Array, shares: Array) -> Answer:
        w = parameters["w"]
        products = self._samples["hessians"][self._labels[positions]] @ w
        linear = self._samples["linear"][positions]
        losses = 0.5 * products @ w + linear @ w
        return float(shares @ losses), {"w": shares @ (products + linear)}


# A layer's output, and the function from the gradient at the output to that at the input, which adds those of
# its parameters to the second argument.
Backward = Callable[[Array, Parameters], Array]


class _Network:
    """A network under cross-entropy, or under LDAM on cosines, with its gradient by reverse accumulation."""

    def __init__(self, forward: Callable[..., Tuple[Array, Backward]], case: Case) -> None:
        self._forward, self._model = forward, case.problem["model"]
        self._inputs, self._labels = case.samples["inputs"], case.samples["labels"]
        loss = case.loss or {}
        if loss.get("name") not in ("cross-entropy", "ldam") or case.weighting is not None:
            raise ValueError(
                f"{case.name}: only plain cross-entropy and LDAM are here; the others test losses, not rules"
            )
        counts = np.array(case.problem["class_counts"], np.float64)
        ldam = loss["name"] == "ldam"
        self._scale = loss["scale"] if ldam else 1.0
        self._margins = loss["maximum"] * (counts.min() / counts) ** 0.25 if ldam else np.zeros_like(counts)

    def __call__(self, parameters: Parameters, positions: Array, shares: Array) -> Answer:
        labels = self._labels[positions]
        logits, backward = self._forward(self._model, parameters, self._inputs[positions])
        own = np.arange(len(labels)), labels
        z = logits.copy()
        z[own] -= self._margins[labels]
        z *= self._scale
        z -= z.max(axis=1, keepdims=True)
        p = np.exp(z)
        total = p.sum(axis=1, keepdims=True)
        losses = np.log(total[:, 0]) - z[own]
        p /= total
        p[own] -= 1
        gradient: Parameters = {}
        backward(p * (shares * self._scale)[:, None], gradient)
        return float(shares @ losses), {name: gradient[name] for name in parameters}


def _dense(p: Parameters, name: str, x: Array) -> Tuple[Array, Backward]:
    w = p[f"{name}.weight"]

    def backward(dy: Array, gradient: Parameters) -> Array:
        gradient[f"{name}.weight"] = dy.T @ x
        gradient[f"{name}.bias"] = dy.sum(axis=0)
        return np.asarray(dy @ w)

    return x @ w.T + p[f"{name}.bias"], backward


def _perceptron(model: Dict[str, Any], p: Parameters, x: Array) -> Tuple[Array, Backward]:
    depth = len(model["features"]) - 1
    steps: List[Backward] = []
    for layer in range(1, depth + 1):
        x, backward = _dense(p, f"linear{layer}", x)
        steps.append(backward)
        if layer < depth:
            x = np.tanh(x)
            steps.append(_through_tanh(x))
    return x, _chain(steps)


def _through_tanh(y: Array) -> Backward:
    return lambda dy, _: np.asarray(dy * (1 - y * y))


def _chain(steps: Sequence[Backward]) -> Backward:
    def backward(dy: Array, gradient: Parameters) -> Array:
        for step in reversed(steps):
            dy = step(dy, gradient)
        return dy

    return backward


def _convolution(p: Parameters, name: str, x: Array, stride: int = 1) -> Tuple[Array, Backward]:
    """3×3 with padding 1, as a product with the matrix of all windows."""
    w = p[f"{name}.weight"]
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))[:, :, ::stride, ::stride]
    y = np.einsum("ncijkl,ockl->noij", windows, w, optimize=True)

    def backward(dy: Array, gradient: Parameters) -> Array:
        gradient[f"{name}.weight"] = np.einsum("ncijkl,noij->ockl", windows, dy, optimize=True)
        dx = np.zeros_like(padded)
        height, width = dy.shape[2] * stride, dy.shape[3] * stride
        for k in range(3):
            for m in range(3):
                dx[:, :, k : k + height : stride, m : m + width : stride] += np.einsum(
                    "noij,oc->ncij", dy, w[:, :, k, m]
                )
        return dx[:, :, 1:-1, 1:-1]

    return y, backward


def _batch_norm(p: Parameters, name: str, x: Array, epsilon: float) -> Tuple[Array, Backward]:
    """Normalized by the mean and the biased variance of the batch."""
    axes = (0, 2, 3)
    weight = p[f"{name}.weight"][None, :, None, None]
    centered = x - x.mean(axis=axes, keepdims=True)
    scale = 1 / np.sqrt((centered * centered).mean(axis=axes, keepdims=True) + epsilon)
    normal = centered * scale

    def backward(dy: Array, gradient: Parameters) -> Array:
        gradient[f"{name}.weight"] = (dy * normal).sum(axis=axes)
        gradient[f"{name}.bias"] = dy.sum(axis=axes)
        d = dy * weight
        mean = d.mean(axis=axes, keepdims=True)
        along = (d * normal).mean(axis=axes, keepdims=True)
        return np.asarray(scale * (d - mean - normal * along))

    return normal * weight + p[f"{name}.bias"][None, :, None, None], backward


def _through_relu(y: Array) -> Backward:
    return lambda dy, _: np.where(y > 0, dy, 0.0)


def _block(p: Parameters, name: str, x: Array, stride: int, epsilon: float) -> Tuple[Array, Backward]:
    """Two convolutions and the option-A shortcut: every second pixel, and zeros for the missing channels."""
    y, conv1 = _convolution(p, f"{name}.conv1", x, stride)
    y, norm1 = _batch_norm(p, f"{name}.bn1", y, epsilon)
    y = np.maximum(y, 0)
    relu1 = _through_relu(y)
    y, conv2 = _convolution(p, f"{name}.conv2", y)
    y, norm2 = _batch_norm(p, f"{name}.bn2", y, epsilon)
    missing = (y.shape[1] - x.shape[1]) // 2
    channels = slice(missing, missing + x.shape[1])
    y[:, channels] += x[:, :, ::stride, ::stride]
    y = np.maximum(y, 0)
    branch, relu2 = _chain([conv1, norm1, relu1, conv2, norm2]), _through_relu(y)

    def backward(dy: Array, gradient: Parameters) -> Array:
        dy = relu2(dy, gradient)
        dx = branch(dy, gradient)
        dx[:, :, ::stride, ::stride] += dy[:, channels]
        return dx

    return y, backward


def _resnet(model: Dict[str, Any], p: Parameters, x: Array) -> Tuple[Array, Backward]:
    epsilon = model["batch_norm_epsilon"]
    steps: List[Backward] = []
    x, backward = _convolution(p, "conv1", x)
    steps.append(backward)
    x, backward = _batch_norm(p, "bn1", x, epsilon)
    steps.append(backward)
    x = np.maximum(x, 0)
    steps.append(_through_relu(x))
    for stage in (1, 2, 3):
        for block in range((model["depth"] - 2) // 6):
            stride = 2 if stage > 1 and block == 0 else 1
            x, backward = _block(p, f"layer{stage}.{block}", x, stride, epsilon)
            steps.append(backward)
    area = x.shape[2] * x.shape[3]
    shape = x.shape
    steps.append(lambda dy, _: np.broadcast_to(dy[:, :, None, None] / area, shape))
    x = x.mean(axis=(2, 3))
    x, backward = _cosines(p, x) if model["classifier"] == "cosine" else _dense(p, "linear", x)
    steps.append(backward)
    return x, _chain(steps)


def _cosines(p: Parameters, x: Array) -> Tuple[Array, Backward]:
    """The cosines of features and columns of the weight `[features][classes]`."""
    w = p["linear.weight"]
    x_length = np.sqrt((x * x).sum(axis=1, keepdims=True))
    w_length = np.sqrt((w * w).sum(axis=0, keepdims=True))
    a, b = x / x_length, w / w_length

    def backward(dy: Array, gradient: Parameters) -> Array:
        da, db = dy @ b.T, a.T @ dy
        gradient["linear.weight"] = (db - b * (b * db).sum(axis=0, keepdims=True)) / w_length
        return np.asarray((da - a * (a * da).sum(axis=1, keepdims=True)) / x_length)

    return a @ b, backward
