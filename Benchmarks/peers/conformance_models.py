"""The problems of the conformance vectors on PyTorch, in double: losses of parameter dictionaries.

Parameters are dictionaries of tensors under the names of a state dictionary. A model maps them and a batch to features
and logits; batch norm normalizes with the batch and updates the running statistics that it is given.
"""

import torch
from torch.nn import functional as F


def tensor(array):
    return torch.from_numpy(array.copy())


def perceptron(fields):
    """Dense layers with tanh between them; the features are the last hidden layer."""
    assert fields["activation"] == "tanh", fields["activation"]
    depth = len(fields["features"]) - 1

    def forward(p, x, running):
        for layer in range(1, depth):
            x = torch.tanh(F.linear(x, p[f"linear{layer}.weight"], p[f"linear{layer}.bias"]))
        return x, F.linear(x, p[f"linear{depth}.weight"], p[f"linear{depth}.bias"])

    return forward


def resnet(fields):
    """The CIFAR ResNet of depth 6n + 2 with option-A shortcuts (He et al. 2016)."""
    blocks = (fields["depth"] - 2) // 6
    epsilon, momentum = fields["batch_norm_epsilon"], fields["batch_norm_momentum"]

    def norm(p, running, name, x):
        return F.batch_norm(x, running[f"{name}.running_mean"], running[f"{name}.running_var"], p[f"{name}.weight"],
                            p[f"{name}.bias"], training=True, momentum=momentum, eps=epsilon)

    def forward(p, x, running):
        x = F.relu(norm(p, running, "bn1", F.conv2d(x, p["conv1.weight"], padding=1)))
        for stage in (1, 2, 3):
            for block in range(blocks):
                name = f"layer{stage}.{block}"
                stride = 2 if stage > 1 and block == 0 else 1
                y = F.conv2d(x, p[f"{name}.conv1.weight"], stride=stride, padding=1)
                y = F.conv2d(F.relu(norm(p, running, f"{name}.bn1", y)), p[f"{name}.conv2.weight"], padding=1)
                y = norm(p, running, f"{name}.bn2", y)
                missing = (y.shape[1] - x.shape[1]) // 2
                x = F.relu(y + F.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, missing, missing)))
        x = x.mean(dim=(2, 3))
        if fields["classifier"] == "cosine":
            # The weight is [features, classes]: a class is a column.
            return x, F.normalize(x, dim=1) @ F.normalize(p["linear.weight"], dim=0)
        assert fields["classifier"] == "linear", fields["classifier"]
        return x, F.linear(x, p["linear.weight"], p["linear.bias"])

    return forward


def class_weights(weighting, counts, epoch):
    """One weight a class: ones before the start."""
    counts = torch.tensor(counts, dtype=torch.float64)
    if weighting is None or epoch < weighting["start"]:
        return torch.ones_like(counts)
    if weighting["name"] == "inverse-count":
        return 1 / counts
    if weighting["name"] == "inverse-frequency":
        inverse = 1 / counts
    else:
        assert weighting["name"] == "effective-number", weighting["name"]
        inverse = (1 - weighting["base"]) / (1 - weighting["base"] ** counts)
    return inverse * len(counts) / inverse.sum()


def adjusted(loss, counts, z, y):
    """The logits that the cross-entropy is taken of."""
    n = torch.tensor(counts, dtype=torch.float64)
    if loss["name"] == "cross-entropy":
        return z
    if loss["name"] == "vs":
        return z / (n.max() / n) ** loss["gamma"] + loss["tau"] * torch.log(n / n.sum())
    margin = loss["maximum"] * (n.min() / n) ** 0.25
    own = F.one_hot(y, len(n)) * margin
    if loss["name"] == "ldam":
        return loss["scale"] * (z - own)
    assert loss["name"] == "ldam-of-sse-sam", loss["name"]
    return z - loss["scale"] * own


def sample_losses(loss, weighting, counts, epoch, h, z, y):
    """What each sample adds to the numerator of the loss and to its divisor."""
    weights = class_weights(weighting, counts, epoch)[y]
    ones = torch.ones_like(weights)
    if loss["name"] == "focal":
        u = weights * F.cross_entropy(z, y, reduction="none")
        return loss["factor"] * (1 - torch.exp(-u)) ** loss["gamma"] * u, ones
    if loss["name"] == "influence-balanced":
        entropy = F.cross_entropy(z, y, reduction="none")
        if epoch < loss["start"]:
            return entropy, ones
        error = (torch.softmax(z, 1) - F.one_hot(y, z.shape[1])).abs().sum(1)
        return weights * entropy * loss["alpha"] / (error * h.abs().sum(1) + 1e-3), ones
    entropy = F.cross_entropy(adjusted(loss, counts, z, y), y, reduction="none")
    return weights * entropy, ones if weighting and weighting["divisor"] == "samples" else weights


class Problem:
    """Losses of parts of mini-batches, and their gradients."""

    def __init__(self, case):
        self.case = case
        self.fields = case.problem
        self.y = tensor(case.samples["labels"])
        self.tail = torch.isin(self.y, torch.tensor(self.fields["tail_classes"]))
        model = self.fields["model"]
        self.kind = model["kind"]
        if self.kind == "classwise-quadratic":
            self.hessians, self.linear = tensor(case.samples["hessians"]), tensor(case.samples["linear"])
        else:
            self.x = tensor(case.samples["inputs"])
            self.forward = {"multilayer-perceptron": perceptron, "cifar-resnet": resnet}[self.kind](model)

    def samples(self, p, positions, epoch, running):
        """For the samples at `positions`, as one batch: numerators, divisors and the number classified correctly."""
        y = self.y[positions]
        if self.kind == "classwise-quadratic":
            w = p["w"]
            losses = 0.5 * torch.einsum("i,nij,j->n", w, self.hessians[y], w) + self.linear[positions] @ w
            return losses, torch.ones_like(losses), None
        h, z = self.forward(p, self.x[positions], running)
        losses, divisors = sample_losses(self.case.loss, self.case.weighting, self.fields["class_counts"], epoch, h, z,
                                         y)
        return losses, divisors, z.argmax(1) == y

    def loss_and_gradient(self, p, loss):
        """The value of `loss(p)`, the gradient by automatic differentiation, and what else it returns."""
        leaves = {name: value.detach().requires_grad_() for name, value in p.items()}
        value, rest = loss(leaves)
        gradients = torch.autograd.grad(value, list(leaves.values()), allow_unused=True)
        gradient = {name: torch.zeros_like(leaf) if g is None else g
                    for (name, leaf), g in zip(leaves.items(), gradients)}
        return value.item(), gradient, rest
