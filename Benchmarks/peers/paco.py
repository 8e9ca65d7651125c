#!/usr/bin/env python3
"""PaCo's loss and its gradients by PyTorch's autograd in double: the values that tests hold the package to.

usage: pip install torch; paco.py            prints the recorded values of PaCoLossTests
       paco.py --check FILE                  reads them back from the test's source and prints the largest deviation
       paco.py --network                     prints those of ContrastiveObjectiveTests: two branches and a queue

Features, logits and labels are those of PaCoLossTests: multiples of 1/8 and 1/2, so both sides start from the same bits.
The package's own loss and gradients differ from these by at most 4.4e-16 of the largest entry (PyTorch 2.15, x86-64).

The network is a ResNet-8 of 2 channels with PaCo's head, under batch statistics. Its parameters and images are multiples
of a power of two too. Printed are the loss, then, for each tensor, the scalar product of its gradient with a given
direction.
"""

import re
import sys

import torch
from torch.nn import functional

COUNTS = [50, 20, 8, 3, 1]
LABELS = [0, 2, 2, 4]
QUEUE_LABELS = [2, 0, 1, 4, 3, 2]
DIMENSIONS = 3
# Name, α, β, γ, the centers' temperature and the samples'.
CASES = [("released", 0.01, 1.0, 1.0, 1.0, 0.05), ("other", 0.5, 0.75, 0.625, 1.25, 0.25)]


def entries(rows, columns, along, across, modulus, scale):
    """((along·row + across·column) mod modulus − modulus // 2) / scale, exact in binary."""
    return torch.tensor(
        [[((along * r + across * c) % modulus - modulus // 2) / scale for c in range(columns)] for r in range(rows)],
        dtype=torch.float64)


def loss(queries, logits, contrasts, alpha, beta, gamma, center_temperature, temperature):
    """The definition, sample by sample."""
    shares = torch.tensor(COUNTS, dtype=torch.float64) / sum(COUNTS)
    samples = torch.cat((queries, contrasts))
    labels = LABELS + LABELS + QUEUE_LABELS
    total = 0
    for i, label in enumerate(LABELS):
        centers = (logits[i] + torch.log(shares + 1e-9)) / center_temperature
        similarities = samples @ queries[i] / temperature
        top = max(centers.max().item(), similarities.max().item())
        others = [j for j in range(len(labels)) if j != i]
        denominator = torch.exp(centers - top).sum() + gamma * torch.exp(similarities[others] - top).sum() + 1e-12
        positives = [j for j in others if labels[j] == label]
        logarithm = torch.log(denominator)
        numerator = beta * (centers[label] - top - logarithm) + alpha * (similarities[positives] - top - logarithm).sum()
        total = total - numerator / (beta + alpha * len(positives))
    return total / len(LABELS)


def values(constants):
    queries = entries(len(LABELS), DIMENSIONS, 5, 3, 7, 8).requires_grad_()
    logits = entries(len(LABELS), len(COUNTS), 4, 5, 9, 2).requires_grad_()
    contrasts = entries(len(LABELS) + len(QUEUE_LABELS), DIMENSIONS, 3, 4, 7, 8)
    result = loss(queries, logits, contrasts, *constants)
    result.backward()
    return [result.item(), *queries.grad.flatten().tolist(), *logits.grad.flatten().tolist()]


def numbers(count, step, modulus, scale, offset=0.0):
    """offset + ((step·i) mod modulus − modulus // 2) / scale, exact in binary."""
    i = torch.arange(count, dtype=torch.float64)
    return offset + (torch.remainder(step * i, modulus) - modulus // 2) / scale


FEATURES, PROJECTED = 8, 32


def segments():
    """Names and shapes of the package's parameters, in its order and layout."""
    def convolution(name, inputs, outputs):
        return name + ".weight", (3, 3, inputs, outputs)

    def norm(name, channels):
        return (name + ".weight", (channels,)), (name + ".bias", (channels,))

    def dense(name, inputs, outputs):
        return (name + ".weight", (inputs, outputs)), (name + ".bias", (outputs,))

    yield convolution("conv1", 3, 2)
    yield from norm("bn1", 2)
    inputs = 2
    for stage in (1, 2, 3):
        outputs = 2 << (stage - 1)
        for number, source in ((1, inputs), (2, outputs)):
            yield convolution(f"layer{stage}.0.conv{number}", source, outputs)
            yield from norm(f"layer{stage}.0.bn{number}", outputs)
        inputs = outputs
    yield from dense("linear", FEATURES, len(COUNTS))
    yield from dense("fc.0", FEATURES, FEATURES)
    yield from norm("fc.1", FEATURES)
    yield from dense("fc.3", FEATURES, PROJECTED)


def parameters(step):
    """By name, in PyTorch's layout: gains of batch norm around 1, all others around 0."""
    result = {}
    for index, (name, shape) in enumerate(segments()):
        gain = name.endswith("weight") and len(shape) == 1
        values = numbers(torch.Size(shape).numel(), step + 2 * index, 61, 128, 1.0 if gain else 0.0).reshape(shape)
        order = {4: (3, 2, 0, 1), 2: (1, 0), 1: (0,)}[len(shape)]
        result[name] = values.permute(order).contiguous()
    return result


def forward(p, images):
    """Projections and logits under batch statistics."""
    def norm(x, name):
        return functional.batch_norm(x, None, None, p[name + ".weight"], p[name + ".bias"], training=True)

    def convolved(x, name, stride):
        return functional.conv2d(x, p[name + ".weight"], stride=stride, padding=1)

    x = functional.relu(norm(convolved(images, "conv1", 1), "bn1"))
    for stage in (1, 2, 3):
        name, stride = f"layer{stage}.0", 1 if stage == 1 else 2
        y = functional.relu(norm(convolved(x, name + ".conv1", stride), name + ".bn1"))
        y = norm(convolved(y, name + ".conv2", 1), name + ".bn2")
        if stage > 1:
            pad = y.shape[1] // 4
            x = functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, pad, pad))
        x = functional.relu(x + y)
    features = x.mean(dim=(2, 3))
    logits = functional.linear(features, p["linear.weight"], p["linear.bias"])
    y = functional.relu(norm(functional.linear(features, p["fc.0.weight"], p["fc.0.bias"]), "fc.1"))
    return functional.linear(y, p["fc.3.weight"], p["fc.3.bias"]), logits


def images(step):
    """[n][height][width][channels] in the package, so permuted here."""
    count = len(LABELS)
    return numbers(count * 8 * 8 * 3, step, 97, 32).reshape(count, 8, 8, 3).permute(0, 3, 1, 2)


def network():
    query = {name: value.requires_grad_() for name, value in parameters(17).items()}
    queue = numbers(len(QUEUE_LABELS) * PROJECTED, 5, 31, 64).reshape(-1, PROJECTED)
    with torch.no_grad():
        keys = functional.normalize(forward(parameters(23), images(29))[0], dim=1)
    projections, logits = forward(query, images(41))
    contrasts = torch.cat((keys, queue))
    result = loss(functional.normalize(projections, dim=1), logits, contrasts, 0.25, 1.0, 1.0, 1.0, 0.5)
    result.backward()
    yield result.item()
    for index, (name, shape) in enumerate(segments()):
        direction = numbers(torch.Size(shape).numel(), 7 + 2 * index, 13, 8).reshape(shape)
        order = {4: (2, 3, 1, 0), 2: (1, 0), 1: (0,)}[len(shape)]
        yield (query[name].grad.permute(order) * direction).sum().item()


def main():
    torch.set_num_threads(1)
    if sys.argv[1:] == ["--network"]:
        print(",\n".join(repr(value) for value in network()))
        return
    if sys.argv[1:2] == ["--check"] and len(sys.argv) == 3:
        source = open(sys.argv[2], encoding="utf-8").read()
        for name, *constants in CASES:
            literals = re.search(rf'"{name}": \[([^\]]*)\]', source)[1].split(",")
            recorded, now = [float(x) for x in literals if x.strip()], values(constants)
            if len(recorded) != len(now):
                sys.exit(f"{name}: {len(recorded)} values recorded, {len(now)} computed")
            parts = ((0, 1), (1, 1 + len(LABELS) * DIMENSIONS), (1 + len(LABELS) * DIMENSIONS, len(now)))
            deviation = max(
                max(abs(a - b) for a, b in zip(recorded[i:j], now[i:j])) / max(abs(b) for b in now[i:j])
                for i, j in parts)
            print(f"{name}: largest deviation {deviation:.3g} of the largest entry")
    elif len(sys.argv) == 1:
        for name, *constants in CASES:
            print(f'"{name}": [' + ", ".join(repr(v) for v in values(constants)) + "],")
    else:
        sys.exit(__doc__)


main()
