"""The update rules of the conformance vectors, written from their formulas. Vectors are dictionaries of tensors."""

import math

import numpy
import torch


def dot(a, b):
    return sum((a[name] * b[name]).sum().item() for name in a)


def norm(a):
    return math.sqrt(dot(a, a))


def plus(a, b, scale=1.0):
    return {name: a[name] + scale * b[name] for name in a}


def times(a, scale):
    return {name: scale * value for name, value in a.items()}


def cosine(a, b):
    lengths = norm(a) * norm(b)
    return dot(a, b) / lengths if lengths > 0 else 0.0


def radius(schedule, epoch):
    """ρ of a 0-based epoch."""
    kind = schedule["schedule"]
    if kind == "constant":
        return schedule["rho"]
    if kind == "steps":
        reached = [m["rho"] for m in schedule["then"] if epoch >= m["epoch"]]
        return reached[-1] if reached else schedule["first"]
    assert kind == "linear", kind
    share = epoch / (schedule["epochs"] - 1)
    return float(numpy.float16(schedule["first"] + share * (schedule["last"] - schedule["first"])))


class Step:
    """One mini-batch in one step: the answers a rule asks for, and the running statistics they leave behind."""

    def __init__(self, problem, rule, batch, epoch, running, noise):
        self.problem, self.rule, self.epoch = problem, rule, epoch
        self.batch = torch.arange(*batch)
        self.running, self.noise = running, noise
        self.evaluations = self.counted = self.correct = 0

    def _pass(self, p, positions, parts, observe):
        """Losses and gradients of parts of one forward pass; a part maps numerators and divisors to a loss."""
        answers = []
        start = {name: value.clone() for name, value in self.running.items()}
        for part in parts:
            # The same pass again for each part: its statistics enter once.
            running = {name: value.clone() for name, value in start.items()}

            def loss(leaves):
                losses, divisors, right = self.problem.samples(leaves, positions, self.epoch, running)
                return part(losses, divisors), right

            answers.append(self.problem.loss_and_gradient(p, loss))
            if observe:
                self.running = running
        self.evaluations += len(parts)
        return answers

    def _count(self, right, number):
        self.counted += number
        self.correct = None if right is None else self.correct + int(right.sum())

    def whole(self, p, observe=True, count=True):
        """The batch's loss."""
        ((value, gradient, right),) = self._pass(p, self.batch, [lambda l, d: l.sum() / d.sum()], observe)
        if count:
            self._count(right, len(self.batch))
        return value, gradient

    def shard(self, p, index):
        """The loss of a shard as a batch of its own; nothing for an empty one."""
        size = self.rule["shard_size"] or -(-len(self.batch) // self.rule["shards"])
        positions = self.batch[index * size:(index + 1) * size]
        if len(positions) == 0:
            self.evaluations += 1
            return 0.0, times(p, 0.0)
        ((value, gradient, right),) = self._pass(p, positions, [lambda l, d: l.sum() / d.sum()], True)
        self._count(right, len(positions))
        return value, gradient

    def parts(self, p, names, count=False):
        """The losses of "head" or "tail", from one pass over the whole batch."""
        tail = self.problem.tail[self.batch]

        def part(name):
            members = tail if name == "tail" else ~tail
            factor = self.rule["tail_factor"] if name == "tail" else 1.0

            def loss(losses, divisors):
                if not members.any():
                    return 0.0 * losses.sum()
                divisor = divisors[members] if self.rule["part_divisor"] == "part" else divisors
                return factor * losses[members].sum() / divisor.sum()

            return loss

        answers = self._pass(p, self.batch, [part(name) for name in names], True)
        if count:
            self._count(answers[0][2], len(self.batch))
        return [(value, gradient) for value, gradient, _ in answers]


class Record:
    """What a rule reports of a step, and the direction of the descent; ε that is added after it."""

    def __init__(self, loss, descent_loss, direction, gradient, rho=0.0, length=0.0, cosine=1.0, after=None):
        self.direction, self.after = direction, after
        self.numbers = {"loss": loss, "descent_loss": descent_loss, "rho": rho, "gradient_norm": norm(gradient),
                        "perturbation_norm": length, "cosine": cosine}


def sgd(step, w):
    loss, g = step.whole(w)
    return Record(loss, loss, g, g)


def sam(step, w):
    rho = radius(step.rule["rho"], step.epoch)
    loss, g = step.whole(w)
    ascent = step.rule["ascent"]
    if ascent == "normalized":
        e = times(g, rho / (norm(g) + 1e-12))
    elif ascent == "unnormalized":
        e = times(g, rho)
    else:
        assert ascent == "adaptive", ascent
        scaled = {name: w[name].abs() * g[name] for name in g}
        e = {name: rho * w[name].abs() * scaled[name] / (norm(scaled) + 1e-12) for name in g}
    sharp_loss, sharp = step.whole(plus(w, e), observe=step.rule["second_pass_statistics"] == "observe", count=False)
    return Record(loss, sharp_loss, sharp, g, rho, norm(e), cosine(g, sharp))


def imbsam(step, w):
    rho = radius(step.rule["rho"], step.epoch)
    (head_loss, head), (tail_loss, tail) = step.parts(w, ["head", "tail"], count=True)
    e = times(tail, rho / (norm(tail) + 1e-16))
    ((sharp_loss, sharp),) = step.parts(plus(w, e), ["tail"])
    clean, descent = plus(head, tail), plus(head, sharp)
    return Record(head_loss + tail_loss, head_loss + sharp_loss, descent, clean, rho, norm(e), cosine(clean, descent))


def sse_sam(step, w):
    first_stage = step.epoch < step.rule["stage_fraction"] * step.rule["epochs"]
    radii = {"head": radius(step.rule["rho_head"], step.epoch) if first_stage else 0.0,
             "tail": radius(step.rule["rho_tail"], step.epoch)}
    loss = sharp_loss = 0.0
    clean = descent = times(w, 0.0)
    for part in ("head", "tail"):
        ((value, g),) = step.parts(w, [part], count=part == "head")
        e = times(g, radii[part] / (norm(g) + 1e-16))
        ((sharp_value, sharp),) = step.parts(plus(w, e), [part])
        loss, sharp_loss = loss + value, sharp_loss + sharp_value
        clean, descent = plus(clean, g), plus(descent, sharp)
    return Record(loss, sharp_loss, descent, clean, radii["tail"], norm(e), cosine(clean, descent))


def pgd(step, w):
    loss, g = step.whole(w)
    (normals,) = step.noise
    noise = times(normals, step.rule["sigma"])
    if step.rule["noise_on"] == "weights":
        return Record(loss, loss, g, g, 0.0, norm(noise), after=noise)
    noisy = plus(g, noise)
    return Record(loss, loss, noisy, g, 0.0, norm(noise), cosine(g, noisy))


def filter_deviation(value, gamma):
    """γ times the norm of each filter of a weight, or of a whole vector."""
    if value.dim() < 2:
        return gamma * (value.norm() + 1e-16)
    return gamma * value.flatten(1).norm(dim=1).view(-1, *[1] * (value.dim() - 1))


def lpf_sgd(step, w):
    count, gamma = step.rule["shards"], step.rule["radius"]
    loss, squares, descent = 0.0, 0.0, times(w, 0.0)
    for index in range(count):
        e = {name: filter_deviation(w[name], gamma) * step.noise[index][name] for name in w}
        value, g = step.shard(plus(w, e), index)
        loss += value / count
        squares += dot(e, e) / count
        descent = plus(descent, g, 1 / count)
    return Record(loss, loss, descent, descent, gamma, math.sqrt(squares))


RULES = {"sgd": sgd, "sam": sam, "imbsam": imbsam, "sse-sam": sse_sam, "pgd": pgd, "lpf-sgd": lpf_sgd}
