#!/usr/bin/env python3
"""PaCo's loss and its gradients by PyTorch's autograd in double: the values that PaCoLossTests hold the package to.

usage: pip install torch; paco.py            prints the recorded values
       paco.py --check FILE                  reads them back from the test's source and prints the largest deviation

Features, logits and labels are those of PaCoLossTests: multiples of 1/8 and 1/2, so both sides start from the same bits.
The package's own loss and gradients differ from these by at most 4.4e-16 of the largest entry (PyTorch 2.15, x86-64).
"""

import re
import sys

import torch

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


def main():
    torch.set_num_threads(1)
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
