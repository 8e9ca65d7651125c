#!/usr/bin/env python3
"""Weights exchanged with PyTorch: the same logits, losses and gradients on both sides.

usage: interchange.py ESCAPEMENT [--threads N] [--torchvision]

ESCAPEMENT is the built tool. For every network the script writes a PyTorch model with randomized running statistics as
a safetensors file and as a checkpoint of torch.save, lets `escapement weights evaluate` compute logits, mean cross-entropy and gradient from it, and
compares: in float64 to 1e-12 of the largest logit and 1e-10 of a gradient's norm, in float32 to the bounds below. Then
it reads the package's initial weights back into PyTorch (strictly) and compares once more. Prints one row a case and
exits with 1 where a bound is exceeded.

The recorded run is PyTorch 2.15 on x86-64; its deviations stand in Documentation/Methods.md.
"""

import argparse
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

import torch
from torch import nn
from torch.nn import functional as F

TYPES = {"F32": torch.float32, "F64": torch.float64, "I64": torch.int64}
LARGEST = {}
NAMES = {dtype: name for name, dtype in TYPES.items()}


def write_safetensors(path, tensors):
    """Header length, header, and the tensors without gaps, wider elements first."""
    header, payload, offset = {}, [], 0
    for name, tensor in sorted(tensors.items(), key=lambda item: (-item[1].element_size(), item[0])):
        data = tensor.detach().contiguous().numpy().tobytes()
        header[name] = {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape),
                        "data_offsets": [offset, offset + len(data)]}
        payload.append(data)
        offset += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + b"".join(payload))


def read_safetensors(path):
    data = pathlib.Path(path).read_bytes()
    end = 8 + struct.unpack("<Q", data[:8])[0]
    tensors = {}
    for name, entry in json.loads(data[8:end]).items():
        if name != "__metadata__":
            first, last = entry["data_offsets"]
            flat = torch.frombuffer(bytearray(data[end + first:end + last]), dtype=TYPES[entry["dtype"]])
            tensors[name] = flat.reshape(entry["shape"])
    return tensors


class Cosine(nn.Module):
    """Cosines between features and the columns of a features × classes matrix (the classifier of LDAM)."""

    def __init__(self, features, classes):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(features, classes))

    def forward(self, x):
        return F.normalize(x, dim=1) @ F.normalize(self.weight, dim=0)


def convolution(inputs, outputs, size, stride=1):
    return nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False)


class Block(nn.Module):
    """Convolutions with batch norm beside a shortcut; `kernels` are (size, channels, stride)."""

    def __init__(self, inputs, kernels, projected):
        super().__init__()
        self.depth, channels, total_stride = len(kernels), inputs, 1
        for index, (size, outputs, stride) in enumerate(kernels, 1):
            setattr(self, f"conv{index}", convolution(channels, outputs, size, stride))
            setattr(self, f"bn{index}", nn.BatchNorm2d(outputs))
            channels, total_stride = outputs, total_stride * stride
        self.stride, self.added = total_stride, channels - inputs
        self.downsample = None
        if projected and (self.stride > 1 or self.added > 0):
            self.downsample = nn.Sequential(convolution(inputs, channels, 1, total_stride), nn.BatchNorm2d(channels))

    def forward(self, x):
        y = x
        for index in range(1, self.depth + 1):
            y = getattr(self, f"bn{index}")(getattr(self, f"conv{index}")(y))
            y = F.relu(y) if index < self.depth else y
        if self.downsample is not None:
            x = self.downsample(x)
        elif self.stride > 1 or self.added > 0:
            x = F.pad(x[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, self.added // 2, self.added // 2))
        return F.relu(y + x)


class ResNet(nn.Module):
    """Any of the three families, by the package's name for it."""

    def __init__(self, name, classes):
        super().__init__()
        parts = name.split("-")
        width = next(int(part[1:]) for part in parts if part.startswith("w"))
        self.pooled = "bottleneck" in parts
        cifar = not self.pooled and parts[0] != "resnet34"
        self.conv1 = convolution(3, width, 7 if self.pooled else 3, 2 if self.pooled else 1)
        self.bn1 = nn.BatchNorm2d(width)
        counts = [(int(parts[0][6:]) - 2) // 6] * 3 if cifar else [3, 4, 6, 3]
        channels = width
        self.stages = []
        for stage, count in enumerate(counts):
            inner, blocks = width << stage, []
            for block in range(count):
                stride = 2 if stage > 0 and block == 0 else 1
                kernels = [(1, inner, 1), (3, inner, stride), (1, 4 * inner, 1)] if self.pooled \
                    else [(3, inner, stride), (3, inner, 1)]
                blocks.append(Block(channels, kernels, projected=not cifar))
                channels = kernels[-1][1]
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
            self.stages.append(f"layer{stage + 1}")
        last = Cosine(channels, classes) if parts[-1] == "cosine" else nn.Linear(channels, classes)
        self.classifier = "linear" if cifar else "fc"
        setattr(self, self.classifier, last)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        if self.pooled:
            x = F.max_pool2d(x, 3, 2, 1)
        for stage in self.stages:
            x = getattr(self, stage)(x)
        return getattr(self, self.classifier)(x.mean(dim=(2, 3)))


def of_torchvision():
    """Torchvision's own ResNet-50, whose names, order and arrangement the package claims."""
    from torchvision.models import resnet50
    return randomized(resnet50())


def randomized(model):
    """A model as if trained: running statistics, gains and shifts away from where they start."""
    torch.manual_seed(1)
    model = model.double()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.3)
        elif isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
    return model.eval()


def evaluated(model, images, labels, batch_statistics):
    """Logits under running statistics; loss and gradients under those asked for."""
    with torch.no_grad():
        logits = model.eval()(images)
    model.zero_grad()
    loss = F.cross_entropy(model.train(batch_statistics)(images), labels)
    loss.backward()
    gradients = {name: parameter.grad.clone() for name, parameter in model.named_parameters()}
    return logits, loss.item(), gradients


def of_package(tool, name, classes, weights, image_file, out, double, batch_statistics):
    command = [tool, "weights", "evaluate", weights, "--network", name, "--classes", str(classes),
               "--images", image_file, "--out", out]
    subprocess.run(command + ["--double"] * double + ["--batch-statistics"] * batch_statistics, check=True)
    result = read_safetensors(out)
    gradients = {key[9:]: value for key, value in result.items() if key.startswith("gradient.")}
    return result["logits"], result["loss"].item(), gradients


def relative(a, b):
    """The largest deviation over the largest magnitude, in float64."""
    return ((a.double() - b.double()).abs().max() / b.double().abs().max()).item()


def gradient_deviation(a, b):
    """Each tensor's deviation over the whole gradient's norm, the largest."""
    assert a.keys() == b.keys(), sorted(a.keys() ^ b.keys())
    norm = sum(value.double().pow(2).sum() for value in b.values()).sqrt()
    return max(((a[name].double() - b[name].double()).norm() / norm).item() for name in b)


def compare(tool, folder, name, model, classes, side, count):
    weights, image_file, out = (str(folder / file) for file in ("weights", "images", "out"))
    images, labels = torch.randn(count, 3, side, side, dtype=torch.float64), torch.arange(count) % classes
    depth = sum(isinstance(module, (nn.Conv2d, nn.Linear, Cosine)) for module in model.modules())
    failed = False

    def row(what, value, bound):
        nonlocal failed
        failed = failed or not value <= bound
        LARGEST[what] = max(LARGEST.get(what, 0), value)
        print(f"{name:28} {what:44} {value:9.2e}  allowed {bound:.1e}", flush=True)

    for double in (True, False):
        dtype = torch.float64 if double else torch.float32
        model = model.to(dtype)
        write_safetensors(image_file, {"images": images.to(dtype), "labels": labels})
        for batch_statistics in (False, True):
            kind = f"float{64 if double else 32}, {'batch' if batch_statistics else 'running'} statistics"
            state = {key: value.clone() for key, value in model.state_dict().items()}
            # Both formats that are read: a checkpoint of PyTorch, and safetensors.
            if batch_statistics:
                torch.save({"epoch": 1, "state_dict": {f"module.{key}": value for key, value in state.items()}}, weights)
            else:
                write_safetensors(weights, state)
            theirs = evaluated(model, images.to(dtype), labels, batch_statistics)
            model.load_state_dict(state)
            ours = of_package(tool, name, classes, weights, image_file, out, double, batch_statistics)
            # float32: a layer sums at most 4608 products, whose roundings of 2^-24 grow as the root of their number, 68;
            # batch norm keeps the magnitude from layer to layer, so that the layers' errors add up; on either side.
            bound = 1e-12 if double else 2 * 68 * depth * 2.0 ** -24
            if not batch_statistics:
                row(f"logits, {kind}", relative(ours[0], theirs[0]), bound)
            row(f"loss, {kind}", abs(ours[1] - theirs[1]) / abs(theirs[1]), bound)
            if double:
                row(f"gradient, {kind}", gradient_deviation(ours[2], theirs[2]), 1e-10)
    return failed


def reverse(tool, folder):
    """A run's weights, exported, read strictly by PyTorch: both sides' logits again."""
    run, weights, image_file, out = (str(folder / file) for file in ("run", "exported", "images", "out"))
    subprocess.run([tool, "train", "--preset", "fixture/ce", "--epochs", "1", "--out", run], check=True,
                   capture_output=True)
    subprocess.run([tool, "weights", "export", run, weights], check=True)
    name = json.loads((folder / "run" / "run.json").read_text())["recipe"]["network"]
    state = read_safetensors(weights)
    classes = len(state["linear.bias"])
    model = ResNet(name, classes)
    model.load_state_dict(state, strict=True)
    images = torch.randn(16, 3, 32, 32, dtype=torch.float64)
    write_safetensors(image_file, {"images": images, "labels": torch.arange(16) % classes})
    with torch.no_grad():
        theirs = model.double().eval()(images)
    ours = of_package(tool, name, classes, weights, image_file, out, True, False)[0]
    value = relative(ours, theirs)
    print(f"{name:28} {'logits of an exported run, float64':44} {value:9.2e}  allowed {1e-12:.1e}")
    return not value <= 1e-12


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--torchvision", action="store_true", help="torchvision's own ResNet-50 too, a minute")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    failed = False
    with tempfile.TemporaryDirectory() as directory:
        folder = pathlib.Path(directory)
        for name, classes, side, count in (
                ("resnet32-w16", 10, 32, 16), ("resnet32-w16-cosine", 10, 32, 16), ("resnet20-w16", 100, 32, 8),
                ("resnet34-w8", 10, 32, 8), ("resnet34-w8", 10, 64, 4), ("resnet50-bottleneck-w8", 10, 64, 8),
                ("resnet50-bottleneck-w8-cosine", 20, 64, 8)):
            model = randomized(ResNet(name, classes))
            failed = compare(options.tool, folder, name, model, classes, side, count) or failed
        if options.torchvision:
            failed = compare(options.tool, folder, "resnet50-bottleneck-w64", of_torchvision(), 1000, 96, 4) or failed
        failed = reverse(options.tool, folder) or failed
    for what, value in sorted(LARGEST.items()):
        print(f"{'largest':28} {what:44} {value:9.2e}")
    sys.exit(1 if failed else 0)


main()
