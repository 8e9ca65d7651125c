"""Reads the conformance vectors that `escapement vectors export` writes. Needs NumPy and nothing of Escapement.

    vectors = Vectors("DIR")
    case = vectors.case("perceptron.sam-released.ce")
    case.rule, case.loss, case.weighting, case.problem     # what to run: dictionaries, as in the JSON files
    case.samples["inputs"], case.samples["labels"]
    case.tensors["parameters.linear1.weight"]   # [steps + 1, out, in]
    vectors.contract                            # the numeric contract they were computed under, "2" or "2 direct"
"""

import hashlib
import json
import pathlib
import struct

import numpy

SCHEMA = 1
# The contract of files that state none.
FIRST_CONTRACT = "1"
DTYPES = {"F64": "<f8", "F32": "<f4", "I64": "<i8", "U8": "u1"}


def safetensors(data):
    """The tensors of a safetensors file by name: 8 bytes of header length, a JSON header, then the elements."""
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    payload = memoryview(data)[8 + length:]
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        tensors[name] = numpy.frombuffer(payload[begin:end], DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors


def read(directory, name):
    """NAME.json as a dictionary and the tensors of NAME.safetensors, whose digest the former states."""
    fields = json.loads((directory / f"{name}.json").read_text())
    if fields["schema"] != SCHEMA:
        raise ValueError(f"{name}.json has schema {fields['schema']}, expected {SCHEMA}")
    data = (directory / f"{name}.safetensors").read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != fields["tensors_sha256"]:
        raise ValueError(f"{name}.safetensors has SHA-256 {found}, expected {fields['tensors_sha256']}")
    return fields, safetensors(data)


class Case:
    """One trajectory and the problem it runs on."""

    def __init__(self, fields, tensors, problem, samples):
        if problem["tensors_sha256"] != fields["problem_sha256"]:
            raise ValueError(f"{fields['name']} belongs to another export of {fields['problem']}")
        self.name = fields["name"]
        self.rule = fields["rule"]
        self.loss = fields["loss"]
        self.weighting = fields["weighting"]
        self.definition = fields["definition"]
        self.tensors = tensors
        self.problem = problem
        self.samples = samples

    def group(self, prefix):
        """The tensors whose names begin with `prefix` and a point, without them."""
        return {name[len(prefix) + 1:]: tensor for name, tensor in self.tensors.items()
                if name.startswith(prefix + ".")}


class Vectors:
    """A directory of conformance vectors."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        index = json.loads((self.directory / "index.json").read_text())
        self.names = index["cases"]
        self.contract = index.get("contract", FIRST_CONTRACT)
        self.problems = {}

    def read(self, name):
        """A problem or a case, which must be of the index's contract."""
        fields, tensors = read(self.directory, name)
        contract = fields.get("contract", FIRST_CONTRACT)
        if contract != self.contract:
            raise ValueError(f"{name}.json was computed under contract {contract}, index.json says {self.contract}: "
                             "export the vectors anew")
        return fields, tensors

    def case(self, name):
        fields, tensors = self.read(name)
        problem = fields["problem"]
        if problem not in self.problems:
            self.problems[problem] = self.read(problem)
        return Case(fields, tensors, *self.problems[problem])
