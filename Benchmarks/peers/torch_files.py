#!/usr/bin/env python3
"""Writes the checkpoints of PyTorch in Tests/TrainingTests/TorchFiles, which the tests of foreign weights read.

usage: pip install torch; torch_files.py OUT

The network is a ResNet-8 of two channels and three classes. Element i of a tensor is ((37 i + length of its name) mod 101
- 50) / 64, for variances its magnitude: a number that every floating-point type holds exactly. Written with torch 2.13.0.
"""

import pathlib
import sys

import torch


def shapes():
    """Names and shapes in the order of a state dictionary."""
    def norm(name, channels):
        for part in ("weight", "bias", "running_mean", "running_var"):
            yield f"{name}.{part}", (channels,)
    yield "conv1.weight", (2, 3, 3, 3)
    yield from norm("bn1", 2)
    for stage, (before, after) in enumerate([(2, 2), (2, 4), (4, 8)], start=1):
        yield f"layer{stage}.0.conv1.weight", (after, before, 3, 3)
        yield from norm(f"layer{stage}.0.bn1", after)
        yield f"layer{stage}.0.conv2.weight", (after, after, 3, 3)
        yield from norm(f"layer{stage}.0.bn2", after)
    yield "linear.weight", (3, 8)
    yield "linear.bias", (3,)


def state(dtype=torch.float32, prefix=""):
    """The state dictionary; batch norm also counts its batches, as PyTorch does."""
    result = {}
    for name, shape in shapes():
        count = 1
        for extent in shape:
            count *= extent
        values = [((37 * i + len(name)) % 101 - 50) / 64 for i in range(count)]
        if name.endswith("running_var"):
            values = [abs(value) for value in values]
        result[prefix + name] = torch.tensor(values, dtype=dtype).reshape(shape)
        if name.endswith("running_var"):
            result[prefix + name.replace("running_var", "num_batches_tracked")] = torch.tensor(7)
    return result


def main(out):
    out.mkdir(parents=True, exist_ok=True)
    torch.save(state(), out / "plain.pth")
    torch.save(state(), out / "stream.pth", _use_new_zipfile_serialization=False)
    torch.save(state(torch.float64), out / "double.pth")
    torch.save(state(torch.float16), out / "half.pth")
    torch.save(state(torch.bfloat16), out / "bfloat16.pth")
    parameter = torch.nn.Parameter(torch.zeros(5))
    optimizer = torch.optim.SGD([parameter], lr=0.1, momentum=0.9)
    parameter.sum().backward()
    optimizer.step()
    torch.save(
        {"epoch": 200, "arch": "resnet8", "state_dict": state(prefix="module."), "best_acc1": torch.tensor(76.5),
         "optimizer": optimizer.state_dict(), "args": {"lr": 0.1, "gpu": None, "milestones": [160, 180]}},
        out / "checkpoint.pth.tar")
    # Views: every other element of a longer storage, and a matrix whose rows lie the other way round.
    views = state()
    wide = torch.zeros(2 * views["linear.weight"].numel())
    wide[::2] = views["linear.weight"].reshape(-1)
    views["linear.weight"] = torch.as_strided(wide, (3, 8), (16, 2))
    views["layer1.0.conv1.weight"] = views["layer1.0.conv1.weight"].permute(3, 2, 1, 0).contiguous().permute(3, 2, 1, 0)
    torch.save(views, out / "views.pth")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
