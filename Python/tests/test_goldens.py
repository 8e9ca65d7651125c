"""Goldens of one's own code, and the records of the Swift side."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from escapement.goldens import (
    InvalidFile,
    Record,
    Value,
    absolute,
    relative,
    statistical,
    ulps,
    ulps_between,
    welch,
)
from escapement.testing import GoldenFailure, expect_golden

GOLDEN = Path(__file__).parents[2] / "Golden"
LOSSES = np.array([1.0, 0.5, 0.1])


@pytest.fixture
def accept(monkeypatch):
    monkeypatch.delenv("CI", raising=False)

    def set(is_on):
        monkeypatch.setenv("ESCAPEMENT_ACCEPT", "1" if is_on else "")

    set(False)
    return set


@pytest.mark.skipif(not GOLDEN.is_dir(), reason="the repository is not around the tests")
def test_records_of_the_swift_side_are_read_and_written_alike(tmp_path):
    paths = list(GOLDEN.glob("*/**/*.json"))
    assert paths
    for path in paths:
        record = Record.read(path)
        assert record.differences(record.values, record.provenance) == []
        record.write(tmp_path / "again.json")
        # The decimals are for reading, and the two languages print some of them differently.
        written, original = (json.loads(p.read_text()) for p in (tmp_path / "again.json", path))
        assert written["chain"] == original["chain"]


def test_an_edited_record_is_refused(tmp_path):
    Record("first", [Value.of("a", 1.5)]).write(tmp_path / "a.json")
    text = (tmp_path / "a.json").read_text()
    (tmp_path / "a.json").write_text(text.replace("0x3ff8", "0x3ff9"))
    with pytest.raises(InvalidFile, match="the digest of the values"):
        Record.read(tmp_path / "a.json")


def test_pending_then_accepted_then_compared(accept, tmp_path):
    received = tmp_path / "python" / "losses.received.json"
    with pytest.raises(GoldenFailure, match="missing: no record of 3 values"):
        expect_golden(LOSSES, "losses", because="first record", root=tmp_path)
    assert Record.read(received).values[2].numbers == (0.1,)
    accept(True)
    expect_golden(LOSSES, "losses", because="first record", root=tmp_path)
    assert not received.exists()
    record = Record.read(tmp_path / "python" / "losses.json")
    assert record.reason == "first record" and record.accepted["what"] == "first record of 3 values"
    accept(False)
    expect_golden(LOSSES, "losses", because="first record", root=tmp_path)
    changed = LOSSES.copy()
    changed[1] = np.nextafter(0.5, 1)
    with pytest.raises(
        GoldenFailure, match=r"1 of 3 differ, first value 2, .* 1 ulp apart; 1 values before it agree"
    ):
        expect_golden(changed, "losses", because="first record", root=tmp_path)
    # Acceptance needs a reason of its own.
    accept(True)
    with pytest.raises(GoldenFailure):
        expect_golden(changed, "losses", because="first record", root=tmp_path)
    expect_golden(changed, "losses", because="the loss is summed in another order", root=tmp_path)
    assert Record.read(tmp_path / "python" / "losses.json").accepted["what"] == "of 3 values: 1 changed"


def test_nothing_is_written_in_ci(accept, monkeypatch, tmp_path):
    accept(True)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(GoldenFailure, match="CI is set: nothing is written"):
        expect_golden(LOSSES, "losses", because="first record", root=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("mode", "near", "far"),
    [
        (ulps(2, because="two roundings"), 1 + 2 * 2.0**-52, 1 + 3 * 2.0**-52),
        (absolute(0.5, because="half a unit"), 1.5, 1.5000001),
        (relative(0.25, because="a quarter"), 0.75, 0.7499999),
    ],
)
def test_tolerances(mode, near, far, accept, tmp_path):
    accept(True)
    expect_golden([1.0], "one", because="first", mode=mode, root=tmp_path)
    accept(False)
    expect_golden([near], "one", because="first", mode=mode, root=tmp_path)
    for wrong in (far, float("nan")):
        with pytest.raises(GoldenFailure):
            expect_golden([wrong], "one", because="first", mode=mode, root=tmp_path)
    with pytest.raises(ValueError, match="without a reason"):
        ulps(2, because=" ")


def test_a_sample_by_welchs_test(accept, tmp_path):
    mode = statistical(0.01, because="one accuracy a seed")
    sample = np.array([31.2, 30.8, 31.9, 31.1, 30.6])
    accept(True)
    expect_golden(sample, "accuracies", because="first", mode=mode, root=tmp_path)
    accept(False)
    expect_golden(sample[::-1] + 0.2, "accuracies", because="first", mode=mode, root=tmp_path)
    with pytest.raises(GoldenFailure):
        expect_golden(sample + 3, "accuracies", because="first", mode=mode, root=tmp_path)


def test_welch_against_its_closed_form():
    # Two numbers each: 2 degrees of freedom if both spreads are equal, where p = 1 - |t| / sqrt(2 + t^2).
    a, b = [0.0, 1.0], [2.0, 3.0]
    t = 2 / np.sqrt(0.5)
    assert abs(welch(a, b) - (1 - t / np.sqrt(2 + t * t))) < 1e-14
    assert welch([1.0, 1.0], [1.0, 1.0]) is None


def test_ulps_between():
    assert ulps_between(np.float64(0.0), np.float64(-0.0)) == 0
    assert ulps_between(np.float64(-5e-324), np.float64(5e-324)) == 2
    assert ulps_between(np.float32(1), np.nextafter(np.float32(1), np.float32(2))) == 1
    assert ulps_between(np.float64(1), np.float64("nan")) is None
    assert ulps_between(np.float32(1), np.float64(1)) is None


@pytest.mark.skipif(not GOLDEN.is_dir(), reason="the repository is not around the tests")
def test_the_tool_reads_records_of_python(run_tool, tmp_path):
    """The executable's own check, on a record that Python wrote: the bytes of the digest are the same."""
    shutil.copytree(GOLDEN / "training", tmp_path / "Golden" / "training")
    path = tmp_path / "Golden" / "training" / "sgd-resnet8.json"
    record = Record.read(path)
    record.write(path)
    printed = run_tool("golden", "check", "training/sgd-resnet8", cwd=tmp_path)
    assert "sgd-resnet8" in printed
