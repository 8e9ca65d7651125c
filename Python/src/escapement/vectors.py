"""Reads the conformance vectors that `escapement vectors export` writes.

    vectors = Vectors("DIR")
    case = vectors.case("perceptron.sam-released.ce")
    case.rule, case.loss, case.weighting, case.problem     # what to run, as in the JSON files
    case.samples["inputs"], case.samples["labels"]
    case.tensors["parameters.linear1.weight"]              # [steps + 1, out, in]
    vectors.contract                                       # the numeric contract, "2" or "2 direct"

`shipped()` gives the vectors inside the wheel, `archive(SOURCE)` those of a release archive. The command
`python -m escapement.vectors pack DIR FILE.zip` writes such an archive.
"""

from __future__ import annotations

import os
import sys
import tempfile
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path
from typing import Any, Dict, List, Optional

from . import _files
from ._files import InvalidFile, Path_, Tensors

__all__ = ["Case", "InvalidFile", "Vectors", "archive", "pack", "shipped"]

SCHEMA = 1
# The contract of files that state none.
FIRST_CONTRACT = "1"
DATA = Path(__file__).parent / "data"
# The most that an archive may take: the export has 30 MB.
LARGEST_ARCHIVE = 256 << 20


class Case:
    """One trajectory and the problem that it runs on."""

    def __init__(
        self, fields: Dict[str, Any], tensors: Tensors, problem: Dict[str, Any], samples: Tensors
    ) -> None:
        if problem["tensors_sha256"] != fields["problem_sha256"]:
            raise InvalidFile(f"{fields['name']} belongs to another export of {fields['problem']}")
        self.name: str = fields["name"]
        self.digest: str = fields["tensors_sha256"]
        self.rule: Dict[str, Any] = fields["rule"]
        self.loss: Optional[Dict[str, Any]] = fields["loss"]
        self.weighting: Optional[Dict[str, Any]] = fields["weighting"]
        self.definition: List[str] = fields["definition"]
        self.tensors = tensors
        self.problem = problem
        self.samples = samples

    def group(self, prefix: str) -> Tensors:
        """The tensors whose names begin with `prefix` and a point, without them."""
        return {
            name[len(prefix) + 1 :]: tensor
            for name, tensor in self.tensors.items()
            if name.startswith(prefix + ".")
        }


class Vectors:
    """A directory of conformance vectors, every file of which is of one numeric contract."""

    def __init__(self, directory: Path_) -> None:
        self.directory = Path(directory)
        path = self.directory / "index.json"
        index = _files.read_json(path)
        _files.expect_schema(index, (SCHEMA,), path)
        self.names: List[str] = _files.member(index, "cases", path)
        self.contract: str = index.get("contract", FIRST_CONTRACT)
        self._problems: Dict[str, tuple[Dict[str, Any], Tensors]] = {}

    def _read(self, name: str) -> tuple[Dict[str, Any], Tensors]:
        """NAME.json and the tensors of NAME.safetensors, whose digest the former states."""
        path = self.directory / f"{name}.json"
        fields = _files.read_json(path)
        _files.expect_schema(fields, (SCHEMA,), path)
        contract = fields.get("contract", FIRST_CONTRACT)
        if contract != self.contract:
            raise InvalidFile(
                f"{path}: computed under contract {contract}, index.json says {self.contract}: "
                "export the vectors anew"
            )
        file = self.directory / f"{name}.safetensors"
        data = file.read_bytes()
        found, expected = _files.sha256(data), _files.member(fields, "tensors_sha256", path)
        if found != expected:
            raise InvalidFile(f"{file}: SHA-256 {found}, expected {expected}")
        return fields, _files.safetensors(data, file)[0]

    def case(self, name: str) -> Case:
        """A case by the name that `names` lists."""
        if name not in self.names:
            raise KeyError(f"{self.directory} holds no case {name!r}")
        fields, tensors = self._read(name)
        problem = fields["problem"]
        if problem not in self._problems:
            self._problems[problem] = self._read(problem)
        return Case(fields, tensors, *self._problems[problem])


def shipped() -> Vectors:
    """The cases without images that are inside the wheel, or those in the directory ESCAPEMENT_VECTORS.

    Raises FileNotFoundError if the package was installed from sources, without vectors.
    """
    directory = Path(os.environ.get("ESCAPEMENT_VECTORS") or DATA / "vectors")
    if not (directory / "index.json").is_file():
        raise FileNotFoundError(
            f"{directory} holds no conformance vectors: install the wheel that `./ci.sh wheel` builds, or let "
            "ESCAPEMENT_VECTORS name a directory that `escapement vectors export` wrote"
        )
    return Vectors(directory)


def pack(directory: Path_, file: Path_) -> str:
    """Writes a directory of vectors as an archive and returns its SHA-256. Equal vectors give equal bytes."""
    names = sorted(path.name for path in Path(directory).iterdir())
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target:
        for name in names:
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            target.writestr(entry, (Path(directory) / name).read_bytes())
    return _files.sha256(Path(file).read_bytes())


def released_digest() -> Optional[str]:
    """The SHA-256 of the archive that was built with this wheel; None without one."""
    file = DATA / "archive.json"
    return str(_files.read_json(file)["sha256"]) if file.is_file() else None


def archive(source: str, sha256: Optional[str] = None) -> Vectors:
    """The vectors of a release archive: a path, or a URL with file, http or https.

    The archive must have the SHA-256 given, by default that of the archive built with this wheel. A download
    is kept in the user's cache directory under its digest, so that it is fetched once.
    """
    expected = sha256 or released_digest()
    if expected is None:
        raise ValueError("no SHA-256 to check the archive by: this package has no release archive, give one")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "escapement" / expected
    if not (cache / "index.json").is_file():
        data = _bytes(source)
        found = _files.sha256(data)
        if found != expected:
            raise InvalidFile(f"{source}: SHA-256 {found}, expected {expected}")
        _unpack(data, cache, source)
    return Vectors(cache)


def _bytes(source: str) -> bytes:
    scheme = urllib.parse.urlsplit(source).scheme
    if scheme not in ("file", "http", "https"):
        return Path(source).read_bytes()
    with urllib.request.urlopen(source, timeout=60) as answer:
        data: bytes = answer.read(LARGEST_ARCHIVE + 1)
    if len(data) > LARGEST_ARCHIVE:
        raise InvalidFile(f"{source}: more than {LARGEST_ARCHIVE} bytes")
    return data


def _unpack(data: bytes, target: Path, source: str) -> None:
    """Into a directory beside the target, which is renamed when it is whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch, tempfile.TemporaryFile() as file:
        file.write(data)
        whole = Path(scratch) / "vectors"
        whole.mkdir()
        with zipfile.ZipFile(file) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > LARGEST_ARCHIVE:
                raise InvalidFile(f"{source}: unpacks to more than {LARGEST_ARCHIVE} bytes")
            for entry in packed.infolist():
                if Path(entry.filename).name != entry.filename:
                    raise InvalidFile(f"{source}: entry {entry.filename!r} is not a plain file name")
                (whole / entry.filename).write_bytes(packed.read(entry))
        try:
            whole.rename(target)
        except OSError:
            # Another process was first, with the same bytes.
            if not (target / "index.json").is_file():
                raise


def main() -> None:
    """`python -m escapement.vectors pack DIR FILE.zip` prints the SHA-256 of the archive."""
    if len(sys.argv) != 4 or sys.argv[1] != "pack":
        print("usage: python -m escapement.vectors pack DIR FILE.zip", file=sys.stderr)
        sys.exit(64)
    print(pack(sys.argv[2], sys.argv[3]))


if __name__ == "__main__":
    main()
