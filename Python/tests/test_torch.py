"""Optimizers of PyTorch, where it is installed."""

import pytest

torch = pytest.importorskip("torch")

from torch_sams import FAULTS, SAM  # noqa: E402

from escapement.testing import (  # noqa: E402
    ConformanceFailure,
    check,
    check_laws,
    torch_closure,
    torch_optimizer,
    torch_problem,
    torch_two_steps,
)


def make(parameters, settings, fault="none"):
    return SAM(
        parameters,
        rho=settings.rho,
        fault=fault,
        lr=settings.rate,
        momentum=settings.momentum,
        weight_decay=settings.decay,
    )


def sgd(parameters, settings):
    return torch.optim.SGD(
        parameters, lr=settings.rate, momentum=settings.momentum, weight_decay=settings.decay
    )


@pytest.mark.parametrize("adapter", [torch_two_steps, torch_closure])
@pytest.mark.parametrize("rule", ["sam-released", "sam-steps", "sam-linear"])
def test_a_right_sam_passes(adapter, rule):
    check(adapter(make), rule=rule)


SENTENCES = {
    "sign": "the perturbation has the wrong sign",
    "missing restore": "the parameters keep e",
    "first group only": "does the ascent reach every parameter group?",
    "squared norm": r"divided by the squared norm",
    "stale gradient": "the sum of both gradients: they are not cleared",
    "skipped second pass": "the second pass is skipped",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_has_its_sentence(fault):
    drive = (
        torch_closure
        if fault == "skipped second pass"
        else _gradients_kept
        if fault == "stale gradient"
        else None
    )

    def faulty(parameters, settings):
        return make(parameters, settings, fault)

    adapter = torch_two_steps(faulty) if drive is None else drive(faulty)
    with pytest.raises(ConformanceFailure, match=SENTENCES[fault]):
        check(adapter)


def _gradients_kept(make):
    """A training step whose second backward adds to the gradients of the first."""

    def drive(optimizer, loss):
        loss().backward()
        optimizer.first_step(zero_grad=True)
        loss().backward()
        optimizer.second_step()
        optimizer.zero_grad()

    return torch_optimizer(make, drive)


def test_sgd_of_torch():
    def drive(optimizer, loss):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()

    check(torch_optimizer(sgd, drive), rule="sgd")
    with pytest.raises(ConformanceFailure, match="equals SGD"):
        check(torch_optimizer(sgd, drive), rule="sam-released")


def test_state_of_the_base_optimizer_that_is_not_saved():
    class Forgetful(SAM):
        def state_dict(self):
            return {**super().state_dict(), "state": {}}

    def forgetful(parameters, settings):
        return Forgetful(
            parameters,
            settings.rho,
            lr=settings.rate,
            momentum=settings.momentum,
            weight_decay=settings.decay,
        )

    with pytest.raises(ConformanceFailure, match="resume: saved after step 1"):
        check_laws(torch_two_steps(forgetful))


def test_laws_on_a_model_of_ones_own():
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(6, 5), torch.nn.Tanh(), torch.nn.Linear(5, 3))
    x, y = torch.randn(4, 8, 6, dtype=torch.float64), torch.randint(3, (4, 8))

    def loss(model, step):
        return torch.nn.functional.cross_entropy(model(x[step % 4]), y[step % 4])

    outcomes = check_laws(torch_two_steps(make), problem=torch_problem(model, loss))
    assert len(outcomes) == 6
    with pytest.raises(ConformanceFailure, match="ascent"):
        check_laws(
            torch_two_steps(lambda parameters, settings: make(parameters, settings, "sign")),
            problem=torch_problem(model, loss),
        )


def test_laws_with_another_base():
    def drive(optimizer, loss):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()

    class AdamSAM(SAM):
        def __init__(self, params, rho, **options):
            super().__init__(params, rho, **options)
            self.base_optimizer = torch.optim.AdamW(self.param_groups, lr=options["lr"])
            self.param_groups, self.state = self.base_optimizer.param_groups, self.base_optimizer.state

    def adam_sam(parameters, settings):
        return AdamSAM(parameters, settings.rho, lr=settings.rate)

    def adam(parameters, settings):
        # The groups carry the weight decay that SGD put there.
        return torch.optim.AdamW(parameters, lr=settings.rate, weight_decay=0.0)

    check_laws(torch_two_steps(adam_sam), base=torch_optimizer(adam, drive))
