"""Gradients, Hessian-vector products and spectral densities of ResNet-32 in evaluation mode."""

import itertools

import torch
from torch.nn import functional as F

from resnet import evaluated, random_images

STEPS = 100


def gradient(count):
    """Loss and gradient over all images as one batch."""
    images, labels = random_images(count)
    model = evaluated(images)
    parameters = list(model.parameters())
    return lambda: torch.autograd.grad(F.cross_entropy(model(images), labels), parameters)


def directions(parameters):
    """Standard normal directions, drawn before anything is timed and taken in turn."""
    return itertools.cycle([[torch.randn_like(p) for p in parameters] for _ in range(4)])


def fresh(count):
    """A product that keeps nothing: the gradient's graph is built and differentiated in each."""
    images, labels = random_images(count)
    model = evaluated(images)
    parameters = list(model.parameters())
    vectors = directions(parameters)

    def run():
        loss = F.cross_entropy(model(images), labels)
        gradients = torch.autograd.grad(loss, parameters, create_graph=True)
        torch.autograd.grad(gradients, parameters, grad_outputs=next(vectors))

    return run


def retained(count):
    """Products at one point: the gradient's graph is built once and differentiated again and again."""
    images, labels = random_images(count)
    model = evaluated(images)
    parameters = list(model.parameters())
    vectors = directions(parameters)
    gradients = torch.autograd.grad(F.cross_entropy(model(images), labels), parameters, create_graph=True)
    return lambda: torch.autograd.grad(gradients, parameters, grad_outputs=next(vectors), retain_graph=True)


def curvlinops(count):
    """The product of curvlinops' Hessian over one batch of all images."""
    from curvlinops import HessianLinearOperator

    images, labels = random_images(count)
    model = evaluated(images)
    parameters = list(model.parameters())
    vectors = directions(parameters)
    hessian = HessianLinearOperator(
        model, torch.nn.CrossEntropyLoss(), parameters, [(images, labels)], progressbar=False,
        check_deterministic=False)
    return lambda: hessian @ next(vectors)


def _eig(matrix, eigenvectors):
    """`torch.eig` of a symmetric matrix: gone from PyTorch since 2.0, and PyHessian 0.1 calls it."""
    assert eigenvectors
    values, vectors = torch.linalg.eigh(matrix)
    return torch.stack([values, torch.zeros_like(values)], dim=1), vectors


def pyhessian(count):
    """PyHessian's density from one start vector; its constructor builds the graph and belongs to the run."""
    from pyhessian import hessian

    torch.eig = _eig
    images, labels = random_images(count)
    model = evaluated(images)

    def density(steps):
        model.zero_grad()
        hessian(model, torch.nn.CrossEntropyLoss(), data=(images, labels), cuda=False).density(iter=steps, n_v=1)
        model.zero_grad()

    return density


def prepare(case, variant):
    """`gradient-N`, `hvp-N`, `hvp-repeated-N` or `density-N` to (work, unit, run[, warm_up, warm_ups])."""
    count = int(case.rsplit("-", 1)[1])
    if variant == "pyhessian":
        density = pyhessian(count)
        return count * STEPS, "images", lambda: density(STEPS), lambda: density(2), 1
    makers = {"eager": gradient, "fresh": fresh, "retained": retained, "curvlinops": curvlinops}
    return count, "images", makers[variant](count)
