"""The script that writes the tables of Documentation/Rerun.md, on runs made up here."""

import csv
import gzip
import json
import types
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "Documentation" / "rerun"

pytestmark = pytest.mark.skipif(not SCRIPT.is_file(), reason="the repository is not around the tests")

PRINTED = {"quantity": "accuracy", "mean": 75.5, "std": 0.2}
PRESETS = [
    {
        "name": "cifar10-lt100/ce-drw",
        "recipe": {"optimizer": {"name": "sgd"}},
        "printed": [{"method": "CE+DRW", **PRINTED}],
    },
    {
        "name": "cifar10-lt100/ce-drw-sam",
        "recipe": {"optimizer": {"name": "sam", "rho": {"rho": 0.5}}},
        "printed": [{"method": "CE+DRW+SAM", **PRINTED}],
    },
]


def recipe(preset, rho=None):
    return {"preset": preset, "optimizer": {} if rho is None else {"rho": {"rho": rho}}}


def spectrum(epoch, label=9, samples=50, smallest=-1.0):
    row = {"class": label, "samples": samples, "loss": 0.5, "gradient_norm": 0.25, "curvature_slope": 2.0}
    row.update(
        smallest=smallest, smallest_lower_limit=smallest - 1, smallest_residual=1e-4, smallest_rounding=1e-6
    )
    return {"event": "spectrum", "epoch": epoch, "seconds": 1800, "classes": [{**row, "largest": 10.0}]}


class Folder:
    """An Evidence/ of made-up runs of two epochs, and what the tool says of them."""

    def __init__(self, path):
        self.path, self.listed, self.claims, self.asked = path, [], [], []
        (path / "plans").mkdir()
        (path / "spectra").mkdir()

    def plan(self, recipes):
        with open(self.path / "plans" / "all.csv", "w", newline="") as lines:
            rows = csv.writer(lines)
            rows.writerow(["run", "recipe"])
            rows.writerows([name, json.dumps(recipe)] for name, recipe in recipes)

    def add(self, name, seed, recipe, last, best, events=(), counted=True):
        directory = self.path / name
        directory.mkdir()
        with gzip.open(directory / "metrics.jsonl.gz", "wt") as lines:
            for event in [{"event": "epoch", "epoch": 1, "seconds": 3600}, {"event": "step"}, *events]:
                lines.write(json.dumps(event) + "\n")
        run = {"directory": str(directory), "counted": counted, "preset": recipe["preset"], "seed": str(seed)}
        figures = {
            when: dict.fromkeys(["accuracy", "head", "mid", "tail"], value)
            for when, value in (("last", last), ("best", best))
        }
        self.listed.append({**run, "epochs": 2, "recipe": recipe, **figures})

    def measure(self, name, **changes):
        end = {"ritz": -1.0, "rayleigh": -1.0, "residual": 1e-4, "rounding": 1e-6}
        record = {"mode": "exact", "augmented": False, "redraws": False, "epoch": 2, "samples": 50}
        record.update(data="class 9", parameters="p", smallest=end, largest={**end, "ritz": 10.0})
        file = self.path / "spectra" / f"{name}.json"
        before = json.loads(file.read_text()) if file.exists() else []
        file.write_text(json.dumps([*before, {**record, **changes}]))

    def ask(self, tool, *words, **_):
        self.asked.append(words)
        return {
            ("presets",): PRESETS,
            ("evidence", "list"): self.listed,
            ("verify", "--tier"): {"claims": self.claims},
            ("evidence", "audit"): {
                "outcome": "reproduced",
                "steps": 4,
                "steps_on_record": 9,
                "weights": None,
            },
            ("doctor",): {"currentISA": "avx2", "cores": {"allowed": 2}},
        }[tuple(words[: 1 if words[0] in ("presets", "doctor") else 2])]


@pytest.fixture
def script():
    # It has no suffix, and leaves no bytecode beside it this way.
    module = types.ModuleType("rerun")
    module.__file__ = str(SCRIPT)
    exec(compile(SCRIPT.read_text(encoding="utf-8"), str(SCRIPT), "exec"), module.__dict__)
    return module


@pytest.fixture
def folder(script, tmp_path, monkeypatch):
    folder = Folder(tmp_path)
    monkeypatch.setattr(script, "ask", folder.ask)
    return folder


def rows(table):
    """The cells of a table's rows, without its heading."""
    lines = [line for line in table if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").replace("\\|", "").split("|")] for line in lines[2:]]


SGD, SAM, SMALL = recipe("cifar10-lt100/ce-drw"), recipe("cifar10-lt100/ce-drw-sam", 0.5), 0.2


def test_accuracies_are_by_method_and_radius(script, folder):
    small = recipe("cifar10-lt100/ce-drw-sam", SMALL)
    folder.plan([("a", SGD), ("b", SGD), ("c", SGD), ("d", SAM), ("e", small), ("f", small)])
    folder.add("e", 0, small, 60, 61)
    folder.add("a", 0, SGD, 70, 80)
    folder.add("b", 1, SGD, 73, 85)
    folder.add("d", 0, SAM, 78, 79)
    folder.add("c", 2, SGD, 1, 1, counted=False)
    evidence = script.Evidence("tool", folder.path)
    found = [row[:4] for row in rows(evidence.accuracies())]
    # The deviations of 70, 73 and of 80, 85 with divisor n - 1 are 3/sqrt(2) and 5/sqrt(2).
    assert found == [
        ["**CE+DRW**", "the paper", "", "75.5 ± 0.2"],
        ["", "last epoch", "2", "71.50 ± 2.12"],
        ["", "best epoch", "2", "82.50 ± 3.54"],
        ["", "still to run", "1", ""],
        ["**CE+DRW+SAM**", "the paper", "", "75.5 ± 0.2"],
        ["", "last epoch", "1", "78.00"],
        ["", "best epoch", "1", "79.00"],
        ["**CE+DRW+SAM, ρ = 0.2**", "last epoch", "1", "60.00"],
        ["", "best epoch", "1", "61.00"],
        ["", "still to run", "1", ""],
    ]
    assert evidence.state()[0] == "**4 of the 6 planned runs are finished and in Evidence/.**"
    assert not any("unfinished" in line for line in evidence.state())
    (folder.path / "unfinished" / "f").mkdir(parents=True)
    (folder.path / "unfinished" / "f" / "run.json").write_text("{}")
    assert "Begun besides, with the last checkpoint in Evidence/unfinished/: 1." in evidence.state()
    assert [row[3] for row in rows(evidence.cost())] == [
        "`escapement train --preset cifar10-lt100/ce-drw --seed 0 --data DIR --out RUN`",
        "`escapement train --preset cifar10-lt100/ce-drw --seed 1 --data DIR --out RUN`",
        "`escapement train --preset cifar10-lt100/ce-drw-sam --seed 0 --data DIR --out RUN`",
        "`escapement train --preset cifar10-lt100/ce-drw-sam --rho 0.2 --seed 0 --data DIR --out RUN`",
    ]


def test_halves_are_rounded_away_from_zero(script):
    assert script.spread([0.125]) == "0.13"
    assert script.spread([]) == "–"


def test_the_table_of_curvature_is_of_the_end(script, folder):
    folder.add("a", 0, SGD, 70, 80, events=[spectrum(0, smallest=-7.0), spectrum(1)])
    (row,) = rows(script.Evidence("tool", folder.path).curvature())
    # 1 / (2.0 * 0.25) against a curvature of -1, and 1 / 10.
    assert row[:9] == ["CE+DRW, seed 0", "9", "50", "-1 (-2)", "10", "0.100", "0.5", "0.25", "2"]


def test_hours_count_training_and_spectra_apart(script, folder):
    folder.add("a", 0, SGD, 70, 80, events=[spectrum(1)])
    folder.add("b", 1, SGD, 70, 80)
    found = rows(script.Evidence("tool", folder.path).cost())
    assert [row[:3] for row in found] == [["CE+DRW, seed 0", "1.00", "0.50"], ["CE+DRW, seed 1", "1.00", "–"]]


def test_procedures_are_told_apart(script, folder):
    folder.add("a", 0, SGD, 70, 80, events=[spectrum(1)])
    folder.measure("a")
    for seed, smallest in ((0, -2.0), (1, -4.0)):
        folder.measure("a", augmented=True, seed=seed, smallest={"ritz": smallest}, largest={"ritz": 20.0})
    folder.measure("a", mode="pyhessian", smallest=-1.5, largest=10.5)
    two_passes = {"smallest": {"ritz": -5.0}, "largest": {"ritz": 30.0}}
    released = {
        "mode": "pyhessian",
        "augmented": True,
        "redraws": True,
        "orthogonality_loss": 0.5,
        "drift": 0.75,
    }
    folder.measure("a", **released, smallest=-60.0, largest=61.0, two_passes=two_passes)
    folder.measure("a", **released, epoch=1, smallest=-8.0, largest=16.0, parameters="earlier")
    # Of another class, and of neither the end nor the table along training.
    folder.measure(
        "a", **released, data="class 7", epoch=1, smallest=-9.0, largest=10.0, parameters="earlier"
    )
    evidence = script.Evidence("tool", folder.path)
    (row,) = rows(evidence.procedures())
    ends = ["-1, 10", "-2, 20", "-5, 30", "-1.5, 10.5", "-60, 61"]
    assert row == ["CE+DRW, seed 0", "9", "50", *ends, "0.5", "0.75"]
    (row,) = rows(evidence.draws())
    assert row == ["CE+DRW, seed 0", "9", "50", "2", "-3", "-4 to -2", "20", "20 to 20"]
    assert rows(evidence.along()) == [["1", "–", "–", "0.500"], ["2", "0.100", "0.167", "0.984"]]


@pytest.mark.parametrize("smallest", [-1.001, float("nan")])
def test_a_spectrum_of_other_weights_is_refused(script, folder, smallest):
    folder.add("a", 0, SGD, 70, 80, events=[spectrum(1)])
    end = {"ritz": smallest, "rayleigh": smallest, "residual": 1e-4, "rounding": 1e-6}
    folder.measure("a", smallest=end)
    with pytest.raises(SystemExit, match="measure it again on that run's checkpoint"):
        script.Evidence("tool", folder.path).procedures()


def test_spectra_of_two_networks_are_refused(script, folder):
    folder.add("a", 0, SGD, 70, 80, events=[spectrum(1)])
    folder.measure("a")
    folder.measure("a", mode="pyhessian", parameters="another")
    with pytest.raises(SystemExit, match="after 2 epochs are of several networks"):
        script.Evidence("tool", folder.path).procedures()


def test_verdicts_are_of_claims_with_measurements(script, folder):
    def measured(name, value):
        return {"name": name, "value": {"decimal": value}}

    named = {"statement": "SAM helps.", "outcome": {"name": "confirmed"}}
    limits = [measured("lower end of the interval of the difference", 1.0)]
    limits.append(measured("upper end of the interval of the difference", 6.0))
    folder.claims = [
        {"id": "A", "measurements": [measured("difference", 3.5), *limits], **named},
        {"id": "B", "measurements": [], **named},
    ]
    found = rows(script.Evidence("tool", folder.path).verdicts())
    assert found == [["`A`", "SAM helps.", "confirmed", "+3.50 (+1.00 to +6.00)"]]


def test_an_audit_adds_a_row(script, folder):
    folder.add("a", 0, SGD, 70, 80)
    folder.add("b", 0, SAM, 70, 80)
    script.audit("tool", folder.path, "a", "images")
    script.audit("tool", folder.path, "a", "images")
    assert folder.asked[-2][:2] == ("evidence", "audit") and "--epochs" in folder.asked[-2]
    found = rows(script.Evidence("tool", folder.path).audits())
    assert [[row[0], row[3], row[4], row[5]] for row in found] == [
        ["CE+DRW, seed 0", "reproduced", "4 of 9", "not kept"],
        ["CE+DRW, seed 0", "reproduced", "4 of 9", "not kept"],
        ["CE+DRW+SAM, seed 0", "not audited", "", ""],
    ]


def test_tables_are_filled_in_and_the_rest_is_kept(script, folder):
    text = "A\n<!-- rerun: state -->\nold\n<!-- end -->\nB\n"
    filled = script.filled(text, script.Evidence("tool", folder.path))
    assert filled == (
        "A\n<!-- rerun: state -->\n\n**0 of the 0 planned runs are finished and in Evidence/.**\n\n<!-- end -->\nB\n"
    )
    assert script.filled(filled, script.Evidence("tool", folder.path)) == filled
    unended = "<!-- rerun: state -->\nA\n"
    for wrong in ("<!-- rerun: states -->\n<!-- end -->\n", unended, unended + filled):
        with pytest.raises(SystemExit, match="line 1: no such table, or no <!-- end --> after it"):
            script.filled(wrong, script.Evidence("tool", folder.path))
