#!/usr/bin/env python3
"""One benchmark case on PyTorch, curvlinops or PyHessian, driven by standard input.

usage: peer.py CASE --threads N [--variant V] [--malloc kept|default]

Cases are named as by `escapement bench --list`. Variants: nchw, nhwc (conv-…); eager, channels-last, compile (sgd-step,
sam-step); eager (gradient-N); fresh (hvp-N); retained, curvlinops (hvp-repeated-N); pyhessian (density-N). The first is
the default.
"""

import re

import protocol


def variants_of(case):
    """The module's name and the variants of a case."""
    if case.startswith("conv-"):
        return "convolutions", ("nchw", "nhwc")
    if case in ("sgd-step", "sam-step"):
        return "steps", ("eager", "channels-last", "compile")
    match = re.fullmatch(r"(gradient|hvp|hvp-repeated|density)-([1-9][0-9]*)", case)
    if match:
        return "curvature", {"gradient": ("eager",), "hvp": ("fresh",), "hvp-repeated": ("retained", "curvlinops"),
                             "density": ("pyhessian",)}[match[1]]
    protocol.fail(f'no case "{case}"')


def main():
    options = protocol.arguments(__doc__)
    module, variants = variants_of(options.case)
    variant = options.variant or variants[0]
    if variant not in variants:
        protocol.fail(f'no variant "{variant}" of {options.case}, expected {", ".join(variants)}')
    protocol.environment(options)
    try:
        import torch
    except ImportError as error:
        protocol.fail(f"{error}; Benchmarks/compare installs what is missing", 69)
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    work, unit, *rest = __import__(module).prepare(options.case, variant)
    protocol.serve(options.case, work, unit, *rest)


main()
