"""SAM for PyTorch as its users write it, and the same with one fault each."""

import torch

FAULTS = [
    "sign",
    "missing restore",
    "first group only",
    "squared norm",
    "stale gradient",
    "skipped second pass",
]


class SAM(torch.optim.Optimizer):
    """With `first_step` and `second_step`, around SGD whose state it shares."""

    def __init__(self, params, rho, fault="none", **options):
        super().__init__(params, {"rho": rho, **options})
        self.base_optimizer = torch.optim.SGD(self.param_groups, **options)
        self.param_groups, self.state = self.base_optimizer.param_groups, self.base_optimizer.state
        self.fault = fault

    @torch.no_grad()
    def first_step(self, zero_grad=False):
        groups = self.param_groups
        length = torch.stack([p.grad.norm() for group in groups for p in group["params"]]).norm()
        if self.fault == "squared norm":
            length = length**2
        for group in groups[:1] if self.fault == "first group only" else groups:
            scale = group["rho"] / (length + 1e-12)
            for p in group["params"]:
                self.state[p]["old"] = p.clone()
                p.add_(p.grad, alpha=float(-scale if self.fault == "sign" else scale))
        if zero_grad and self.fault != "stale gradient":
            self.zero_grad()

    @torch.no_grad()
    def second_step(self, zero_grad=False):
        for group in self.param_groups:
            for p in group["params"]:
                old = self.state[p].pop("old", p)
                if self.fault != "missing restore":
                    p.copy_(old)
        self.base_optimizer.step()
        if zero_grad:
            self.zero_grad()

    def load_state_dict(self, state_dict):
        super().load_state_dict(state_dict)
        self.base_optimizer.param_groups, self.base_optimizer.state = self.param_groups, self.state

    @torch.no_grad()
    def step(self, closure):
        self.first_step(zero_grad=True)
        if self.fault != "skipped second pass":
            with torch.enable_grad():
                closure()
        self.second_step()
