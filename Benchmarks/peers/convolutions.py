"""3×3 convolutions on a batch of 128 and their two adjoints, in PyTorch's usual layout and in channels-last."""

import torch

from protocol import fail



def prepare(case, variant):
    """`conv-OPERATION-CI-CO-SIDE-sSTRIDE` to (work, unit, run)."""
    try:
        _, operation, *numbers = case.split("-")
        inputs, outputs, side, stride = (int(n.removeprefix("s")) for n in numbers)
    except ValueError:
        fail(f'no case "{case}"')
    layout = torch.channels_last if variant == "nhwc" else torch.contiguous_format
    x = torch.randn(128, inputs, side, side).contiguous(memory_format=layout)
    weight = torch.randn(outputs, inputs, 3, 3).contiguous(memory_format=layout)
    forward = lambda: torch.ops.aten.convolution(x, weight, None, [stride] * 2, [1, 1], [1, 1], False, [0, 0], 1)
    dy = torch.randn(forward().shape).contiguous(memory_format=layout)

    def backward(mask):
        return torch.ops.aten.convolution_backward(
            dy, x, weight, None, [stride] * 2, [1, 1], [1, 1], False, [0, 0], 1, mask)

    runs = {
        "forward": forward,
        "data": lambda: backward([True, False, False]),
        "weight": lambda: backward([False, True, False]),
    }
    if operation not in runs:
        fail(f'no case "{case}"')

    def run():
        with torch.no_grad():
            runs[operation]()

    return 2 * dy.numel() * 9 * inputs, "flop", run
