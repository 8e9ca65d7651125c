"""The schemas, against files that the executable wrote and those in the repository."""

import json
import re
from pathlib import Path

import pytest

from escapement import schemas

jsonschema = pytest.importorskip("jsonschema")
REPOSITORY = Path(__file__).parents[2]


def check(name, value):
    jsonschema.validate(value, schemas.load(name), jsonschema.Draft202012Validator)


def read(path):
    return json.loads(Path(path).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", schemas.names())
def test_each_schema_is_one_and_explains_itself(name):
    schema = schemas.load(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    members = schema.get("properties", {})
    assert schema["description"]
    assert all("description" in member or {"const", "enum"} & member.keys() for member in members.values())


def test_a_run(run_directory):
    record = read(run_directory / "run.json")
    check("run", record)
    # Every member is documented, not only allowed.
    assert record.keys() <= schemas.load("run")["properties"].keys()
    for sidecar in (run_directory / "checkpoints").glob("*.json"):
        check("checkpoint", read(sidecar))
        assert read(sidecar).keys() <= schemas.load("checkpoint")["properties"].keys()
    events = [json.loads(line) for line in (run_directory / "metrics.jsonl").read_text().splitlines()]
    known = {kind["title"]: kind["properties"] for kind in schemas.load("metrics")["oneOf"]}
    assert {"step", "epoch", "spectrum", "seal"} <= {event["event"] for event in events}
    for event in events:
        check("metrics", event)
        assert event.keys() <= known[event["event"]].keys()


def test_a_wrong_event_is_refused():
    for event in ({"event": "step"}, {"event": "tea"}, {"event": "seal", "bytes": "12"}):
        with pytest.raises(jsonschema.ValidationError):
            check("metrics", event)


def test_spectra(run_tool, run_directory, tmp_path):
    for flags in (
        ["--class", "9"],
        ["--group", "tail", "--loss", "training", "--saddle"],
        ["--density", "--probes", "2"],
    ):
        run_tool("spectrum", run_directory, "--steps", "6", *flags, "--out", tmp_path / "s.json")
        spectra = read(tmp_path / "s.json")
        check("spectrum", spectra)
        assert spectra[0].keys() <= schemas.load("spectrum")["items"]["properties"].keys()


def test_vectors(shipped_vectors, network_vectors):
    for folder in (shipped_vectors, network_vectors):
        index = read(folder / "index.json")
        check("vectors-index", index)
        for name in index["cases"]:
            check("vectors-case", read(folder / f"{name}.json"))
        for problem in {name.split(".")[0] for name in index["cases"]}:
            check("vectors-problem", read(folder / f"{problem}.json"))


def test_verdicts_plans_and_manifests(run_tool, tmp_path):
    run_tool("verify", "T3", "T4", "--out", tmp_path / "report", cwd=tmp_path)
    check("verdicts", read(tmp_path / "report" / "record.json"))
    run_tool("sweep", "plan", "--preset", "fixture/ce", "--seeds", "0,1", "--out", tmp_path / "plan.csv")
    check("sweep-plan", read(tmp_path / "plan.csv.json"))
    run_tool("data", "manifest", "fixture", "--out", tmp_path / "manifest.json")
    check("data-manifest", read(tmp_path / "manifest.json"))


@pytest.mark.skipif(not (REPOSITORY / "Golden").is_dir(), reason="the repository is not around the tests")
def test_files_of_the_repository():
    records = [path for path in (REPOSITORY / "Golden").glob("*/**/*.json")]
    assert records
    for path in records:
        check("golden", read(path))
    check("claims", read(REPOSITORY / "Golden" / "claims.json"))
    check("fixture-manifest", read(REPOSITORY / "Fixtures" / "cifar-format-synthetic" / "manifest.json"))


def fields(kind):
    """The names of all members below a schema."""
    for name, member in kind.get("properties", {}).items():
        yield name
        yield from fields(member)
    if "items" in kind:
        yield from fields(kind["items"])


PAGE = REPOSITORY / "Documentation/Metrics.md"


@pytest.mark.skipif(not PAGE.is_file(), reason="the repository is not around the tests")
def test_the_page_of_metrics_has_the_fields_of_the_schema():
    schema = schemas.load("metrics")
    cells = re.findall(r"^\| (`[^|]*) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    listed = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    kinds = {kind["title"] for kind in schema["oneOf"]}
    assert listed - kinds == {name for kind in schema["oneOf"] for name in fields(kind)} - {"event"} - kinds
