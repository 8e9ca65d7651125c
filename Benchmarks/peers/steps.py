"""Training steps of ResNet-32 on a batch of 128: SGD, and SAM in two passes (Foret et al. 2021)."""

import os
import shutil

import torch
from torch.nn import functional as F

from protocol import fail
from resnet import ResNet32, random_images

BATCH = 128
RHO = 0.1


def prepare(case, variant):
    """`sgd-step` or `sam-step` to (work, unit, run)."""
    images, labels = random_images(BATCH)
    model = ResNet32().train()
    if variant == "channels-last":
        model = model.to(memory_format=torch.channels_last)
        images = images.contiguous(memory_format=torch.channels_last)
    parameters = list(model.parameters())
    forward = model
    if variant == "compile":
        compiler = os.environ.get("CXX", "g++")
        if shutil.which(compiler) is None:
            fail(f"torch.compile needs a C++ compiler, and there is no {compiler}", 69)
        forward = torch.compile(model)
    optimizer = torch.optim.SGD(parameters, lr=0.1, momentum=0.9, weight_decay=2e-4)

    def gradient():
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(forward(images), labels).backward()

    def sgd():
        gradient()
        optimizer.step()

    def sam():
        gradient()
        with torch.no_grad():
            gradients = [p.grad for p in parameters]
            norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
            ascent = torch._foreach_mul(gradients, RHO / (norm.item() + 1e-12))
            torch._foreach_add_(parameters, ascent)
        gradient()
        with torch.no_grad():
            torch._foreach_sub_(parameters, ascent)
        optimizer.step()

    return BATCH, "images", sgd if case == "sgd-step" else sam
