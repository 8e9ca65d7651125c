"""The CIFAR ResNet of He et al. 2016, section 4.2: depth 6n + 2, option-A shortcuts, batch norm, no convolution bias."""

import torch
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    """Two 3×3 convolutions beside an identity, subsampled and padded with zero channels where the shape changes."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.stride = stride
        self.padding = (outputs - inputs) // 2

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.stride > 1 or self.padding > 0:
            x = F.pad(x[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, self.padding, self.padding))
        return F.relu(y + x)


class ResNet32(nn.Module):
    """Width 16, ten classes: 464,154 parameters."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        blocks, channels = [], 16
        for outputs, first_stride in ((16, 1), (32, 2), (64, 2)):
            for index in range(5):
                blocks.append(Block(channels, outputs, first_stride if index == 0 else 1))
                channels = outputs
        self.blocks = nn.Sequential(*blocks)
        self.linear = nn.Linear(64, 10)
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(module.weight)
        count = sum(p.numel() for p in self.parameters())
        assert count == 464_154, f"{count} parameters"

    def forward(self, x):
        x = self.blocks(F.relu(self.bn1(self.conv1(x))))
        return self.linear(x.mean(dim=(2, 3)))


def random_images(count):
    """Standard normal images and uniform labels."""
    return torch.randn(count, 3, 32, 32), torch.randint(10, (count,))


def evaluated(images):
    """The network in evaluation mode, with the batch statistics of the first 128 images as its running ones."""
    model = ResNet32()
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0
    with torch.no_grad():
        model.train()(images[:128])
    for norm in norms:
        norm.momentum = 0.1
    return model.eval()
