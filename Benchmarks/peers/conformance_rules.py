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


def mean(answers):
    """The means of losses and gradients."""
    total = answers[0][1]
    for _, gradient in answers[1:]:
        total = plus(total, gradient)
    return sum(value for value, _ in answers) / len(answers), times(total, 1 / len(answers))


def radius(schedule, epoch):
    """ρ of a 0-based epoch."""
    kind = schedule["name"]
    if kind == "constant":
        return schedule["rho"]
    if kind == "steps":
        reached = [m["rho"] for m in schedule["milestones"] if epoch >= m["epoch"]]
        return reached[-1] if reached else schedule["first"]
    assert kind == "linear", kind
    share = epoch / (schedule["epochs"] - 1)
    return float(numpy.float16(schedule["first"] + share * (schedule["last"] - schedule["first"])))


class Step:
    """One mini-batch in one step: the answers a rule asks for, and the running statistics they leave behind."""

    def __init__(self, problem, rule, index, running, noise, memory):
        batches, rates = problem.fields["batches"], problem.fields["learning_rates"]
        self.problem, self.rule, self.index, self.memory = problem, rule, index, memory
        self.epoch = index // len(batches)
        self.rate = rates[self.epoch]
        batch = batches[index % len(batches)]
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

    def micro_batches(self):
        """The batch's micro-batches; the batch itself where the rule knows none."""
        return self.batch.split(self.rule.get("micro_batch", len(self.batch)))

    def on(self, positions, p, observe=True, count=True):
        """The loss of some samples as a batch of their own."""
        ((value, gradient, right),) = self._pass(p, positions, [lambda l, d: l.sum() / d.sum()], observe)
        if count:
            self._count(right, len(positions))
        return value, gradient

    def whole(self, p, observe=True, count=True):
        """The batch's loss; with micro-batches the mean of theirs, which counts as one evaluation."""
        before = self.evaluations
        answer = mean([self.on(positions, p, observe, count) for positions in self.micro_batches()])
        self.evaluations = before + 1
        return answer

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

    def _tail_shares(self):
        """How much of each sample of the batch belongs to the tail."""
        if self.rule["rule"] != "focal-sam":
            return self.problem.tail[self.batch].double()
        counts = torch.tensor(self.problem.fields["class_counts"], dtype=torch.float64)
        shares = self.rule["scale"] * (1 - counts / counts.sum()) ** self.rule["gamma"]
        return shares[self.problem.y[self.batch]]

    def parts(self, p, names, count=False):
        """The losses of "head" or "tail", from one pass over the whole batch; a sample may belong to both in shares."""
        tail = self._tail_shares()

        def part(name):
            share = tail if name == "tail" else 1 - tail
            factor = self.rule["tail_factor"] if name == "tail" else 1.0

            def loss(losses, divisors):
                if not share.any():
                    return 0.0 * losses.sum()
                divisor = share * divisors if self.rule["part_divisor"] == "part" else divisors
                return factor * (share * losses).sum() / divisor.sum()

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


def m_sam(step, w):
    rho = radius(step.rule["rho"], step.epoch)
    clean, sharp, squares = [], [], 0.0
    for positions in step.micro_batches():
        clean.append(step.on(positions, w))
        g = clean[-1][1]
        e = times(g, rho / (norm(g) + 1e-12))
        sharp.append(step.on(positions, plus(w, e), count=False))
        squares += dot(e, e)
    (loss, g), (sharp_loss, d) = mean(clean), mean(sharp)
    return Record(loss, sharp_loss, d, g, rho, math.sqrt(squares / len(clean)), cosine(g, d))


def imbsam(step, w, constant=1e-16):
    rho = radius(step.rule["rho"], step.epoch)
    (head_loss, head), (tail_loss, tail) = step.parts(w, ["head", "tail"], count=True)
    e = times(tail, rho / (norm(tail) + constant))
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


def ascended(step, w, direction, rho):
    """The loss and gradient at ρ along a direction, and the length of the move."""
    e = times(direction, rho / (norm(direction) + 1e-12))
    observe = step.rule["second_pass_statistics"] == "observe"
    return *step.whole(plus(w, e), observe=observe, count=False), norm(e)


def across(a, b):
    """The part of a across b."""
    return plus(a, b, -dot(a, b) / dot(b, b))


def gsam(step, w):
    schedule = step.rule["rho"]
    if schedule["name"] == "with-learning-rate":
        share = (step.rate - schedule["lowest_rate"]) / (schedule["highest_rate"] - schedule["lowest_rate"])
        rho = schedule["smallest"] + share * (schedule["largest"] - schedule["smallest"])
    else:
        rho = radius(schedule, step.epoch)
    loss, g = step.whole(w)
    sharp_loss, sharp, length = ascended(step, w, g, rho)
    d = plus(sharp, across(g, sharp), -step.rule["alpha"])
    return Record(loss, sharp_loss, d, g, rho, length, cosine(g, d))


def looksam(step, w):
    loss, g = step.whole(w)
    if step.index % step.rule["period"] == 0:
        rho = radius(step.rule["rho"], step.epoch)
        sharp_loss, sharp, length = ascended(step, w, g, rho)
        step.memory["looksam-direction"] = across(sharp, g)
        return Record(loss, sharp_loss, sharp, g, rho, length, cosine(g, sharp))
    v = step.memory["looksam-direction"]
    d = plus(g, v, step.rule["alpha"] * norm(g) / (norm(v) + 1e-12))
    return Record(loss, loss, d, g, 0.0, 0.0, cosine(g, d))


def friendly_sam(step, w):
    rho, decay = radius(step.rule["rho"], step.epoch), step.rule["decay"]
    loss, g = step.whole(w)
    mean = step.memory.get("friendly-sam-mean")
    own = g if mean is None else plus(g, mean, -step.rule["sigma"])
    step.memory["friendly-sam-mean"] = g if mean is None else plus(times(mean, decay), g, 1 - decay)
    sharp_loss, sharp, length = ascended(step, w, own, rho)
    return Record(loss, sharp_loss, sharp, g, rho, length, cosine(g, sharp))


def focal_sam(step, w):
    """ImbSAM with shares in place of tail classes, and another constant."""
    return imbsam(step, w, constant=1e-12)


RULES = {"sgd": sgd, "sam": sam, "m-sam": m_sam, "imbsam": imbsam, "sse-sam": sse_sam, "pgd": pgd, "lpf-sgd": lpf_sgd,
         "gsam": gsam, "looksam": looksam, "friendly-sam": friendly_sam, "focal-sam": focal_sam}
