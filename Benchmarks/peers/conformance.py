#!/usr/bin/env python3
"""Checks Escapement's rules and losses against an implementation on PyTorch of its own, in double.

usage: conformance.py [--summary] DIR [CASE...]        (DIR as `escapement vectors export --out DIR` leaves it)

Takes the steps of each case again with automatic differentiation and prints the largest deviation over everything on
record, relative to the largest magnitude in its tensor; with --summary, of each rule and of each loss by problem. Exit 1
when one exceeds 1e-10 or a count differs.
"""

import argparse
import sys

import numpy
import torch

from conformance_models import Problem, tensor
from conformance_reader import Vectors
from conformance_rules import RULES, Step, plus, times

BOUND = 1e-10


def trajectory(case):
    """The tensors that the case should hold, computed anew from its inputs."""
    problem, fields = Problem(case), case.problem
    w = {name: tensor(rows[0]) for name, rows in case.group("parameters").items()}
    running = {name: tensor(rows[0]) for name, rows in case.group("statistics").items()}
    noise = case.group("noise")
    buffer, memory = None, {}
    points, statistics, records = [w], [running], []
    for index in range(fields["steps"]):
        draws = next(iter(noise.values())).shape[1] if noise else 0
        step = Step(problem, case.rule, index, running,
                    [{name: tensor(rows[index, draw]) for name, rows in noise.items()} for draw in range(draws)], memory)
        record = RULES[case.rule["rule"]](step, w)
        d = plus(record.direction, w, fields["weight_decay"])
        buffer = d if buffer is None else plus(d, buffer, fields["momentum"])
        w = plus(w, times(buffer, -step.rate))
        if record.after is not None:
            w = plus(w, record.after)
        running = step.running
        points.append(w)
        statistics.append(running)
        numbers = record.numbers | {"learning_rate": step.rate, "evaluations": step.evaluations, "samples": step.counted}
        records.append(numbers if step.correct is None else numbers | {"correct": step.correct})
    result = {f"state.{key}.{name}": value.numpy() for key, vector in (memory | {"momentum": buffer}).items()
              for name, value in vector.items()}
    for prefix, rows in (("parameters", points), ("statistics", statistics)):
        for name in rows[0]:
            result[f"{prefix}.{name}"] = numpy.stack([row[name].detach().numpy() for row in rows])
    for name in records[0]:
        result[f"record.{name}"] = numpy.array([numbers[name] for numbers in records])
    return result


def deviation(found, expected):
    """The largest |found − expected| over the largest |expected|; counts must be equal."""
    if found.shape != expected.shape:
        return numpy.inf
    largest, apart = numpy.abs(expected).max(initial=0), numpy.abs(found - expected).max(initial=0)
    if apart == 0:
        return 0.0
    # Written so that NaN, which compares false with everything, comes out as infinite.
    close = largest > 0 and expected.dtype.kind == "f" and apart / largest < numpy.inf
    return apart / largest if close else numpy.inf


def summary(results, part):
    """The largest deviation by rule (part 1) or loss (part 2) and problem."""
    problems = list(dict.fromkeys(name.split(".")[0] for name in results))
    print(f"\n| {('rule', 'loss')[part - 1]} | {' | '.join(problems)} |\n|" + " --- |" * (len(problems) + 1))
    labels = dict.fromkeys(name.split(".")[part] for name in results if len(name.split(".")) > part)
    for label in labels:
        cells = []
        for problem in problems:
            values = [value for name, value in results.items()
                      if name.split(".")[0] == problem and name.split(".")[part:part + 1] == [label]]
            cells.append(f"{max(values):.1e}" if values else "")
        print(f"| {label} | {' | '.join(cells)} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--summary", action="store_true")
    parser.add_argument("directory")
    parser.add_argument("cases", nargs="*")
    options = parser.parse_args()
    torch.set_num_threads(1)
    vectors = Vectors(options.directory)
    failed, results = 0, {}
    print(f"vectors of numeric contract {vectors.contract}\n")
    print("| case | largest relative deviation | in |\n| --- | --- | --- |")
    for name in options.cases or vectors.names:
        case = vectors.case(name)
        expected = {key: value for key, value in case.tensors.items() if not key.startswith("noise.")}
        found = trajectory(case)
        if found.keys() != expected.keys():
            print(f"| {name} | other quantities | {sorted(found.keys() ^ expected.keys())} |")
            failed, results[name] = failed + 1, numpy.inf
            continue
        deviations = {key: deviation(found[key], expected[key]) for key in expected}
        worst = max(deviations, key=deviations.get)
        results[name] = deviations[worst]
        failed += deviations[worst] > BOUND
        print(f"| {name} | {deviations[worst]:.1e} | {worst} |", flush=True)
    if options.summary:
        summary(results, 1)
        summary(results, 2)
    if failed:
        sys.exit(f"conformance.py: {failed} cases deviate by more than {BOUND}")


main()
