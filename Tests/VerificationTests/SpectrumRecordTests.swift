@testable import EscapementExperiments
import EscapementArtifacts
import EscapementCurvature
import Foundation
import EscapementTestSupport
import Testing

@testable import EscapementVerification

/// Records of spectra: what a reader takes and what it refuses, each refusal with file and key.
@Suite struct SpectrumRecordTests {
  static let alpha = [1.0, -2, 0.5, 4]
  static let beta = [0.7, 0.3, 1.1, 0.01]

  /// A record such as `spectrum --json` prints, with members changed, or removed where they are null.
  static func json(_ changes: [String: JSON] = [:], mode: SpectrumRecord.Mode = .exact) throws -> JSON {
    let rule = try GaussQuadrature(SymmetricTridiagonal(diagonal: alpha, offDiagonal: Array(beta.dropLast())))
    func numbers(_ values: [Double]) -> JSON { .array(values.map { .number($0) }) }
    func end(_ value: Double) -> JSON {
      [
        "ritz": .number(value), "rayleigh": .number(value), "residual": .number(0.01),
        "rounding": .number(0.001), "rounding_is_bound": .bool(true),
      ]
    }
    var fields: [String: JSON] = [
      "data": "class 9", "samples": .integer(50), "ritz_values": numbers(rule.nodes),
      "weights": numbers(rule.weights), "drift": .number(0), "something_new": ["deep": .null],
    ]
    switch mode {
    case .exact:
      fields.merge([
        "alpha": numbers(alpha), "beta": numbers(beta), "probe": .integer(3),
        "smallest": end(rule.nodes[0]), "largest": end(rule.nodes[3]), "smallest_lower_limit": .number(-5),
        "largest_upper_limit": .null, "failure_probability": .number(0.002),
      ]) { $1 }
    case .released:
      fields.merge([
        "mode": "pyhessian", "smallest": .number(rule.nodes[0]), "largest": .number(rule.nodes[3]),
      ]) { $1 }
    }
    for (key, value) in changes { fields[key] = value == .null ? nil : value }
    return .object(fields)
  }

  static func record(
    _ changes: [String: JSON] = [:], mode: SpectrumRecord.Mode = .exact, acceptingInvalid: Bool = false
  ) throws -> SpectrumRecord {
    // Through text, as from a file.
    let text = try json(changes, mode: mode).canonical()
    return try SpectrumRecord(
      JSONCursor(JSON(parsing: Data(text.utf8), file: "s.json"), file: "s.json"),
      acceptingInvalid: acceptingInvalid)
  }

  @Test func anExactRecordGivesItsRuleBackBitForBit() throws {
    let record = try Self.record()
    #expect(record.mode == .exact && record.data == "class 9" && record.samples == 50 && record.probe == 3)
    let anew = try record.redrawn()
    #expect(anew == record.rule && anew.nodes.count == 4)
    #expect(record.smallest.lowerLimit == -5 && record.largest.upperLimit == nil)
    #expect(record.smallest.upperLimit == record.rule.nodes[0] + 0.001)
    #expect(record.largest.lowerLimit == record.rule.nodes[3] - 0.001)
    #expect(record.failureProbability == 0.002 && record.isValid == nil)
  }

  @Test func aReleasedRecordHasNoMatrixAndNoLimits() throws {
    let record = try Self.record(mode: .released)
    #expect(record.tridiagonal == nil && record.mode == .released)
    #expect(record.smallest.lowerLimit == nil && record.smallest.upperLimit == nil)
    #expect(try record.redrawn() == record.rule)
    // Nothing here recomputes the weights, so each is judged by itself.
    for (weights, place) in [
      (JSON.array([0.1, -0.1, 0.5, 0.5]), "weights[1]"), (.array([0.1, 0.4, 0.5]), "weights"),
      (.array([0.1, 0.2, "nan", 0.3]), "weights[2]"),
    ] {
      let error = #expect(throws: DataError.self) { try Self.record(["weights": weights], mode: .released) }
      #expect(error?.place == place)
    }
  }

  @Test func spectraThatFailedTheirChecksAreTakenOnlyOnRequest() throws {
    #expect(try Self.record(["valid": .bool(true)]).isValid == true)
    #expect(try Self.record(["valid": .bool(false)], acceptingInvalid: true).isValid == false)
    let error = #expect(throws: DataError.self) { try Self.record(["valid": .bool(false)]) }
    #expect(error?.place == "valid")
  }

  static let faults: [(changes: [String: JSON], place: String)] = [
    (["data": .null], "data"), (["data": .integer(3)], "data"), (["samples": .integer(0)], "samples"),
    (["samples": .number(1.5)], "samples"), (["mode": "guess"], "mode"), (["valid": "yes"], "valid"),
    (["probe": .integer(-1)], "probe"), (["drift": "nan"], "drift"), (["drift": .number(-1)], "drift"),
    (["alpha": .null], "alpha"), (["alpha": [1.0, 2]], "alpha"), (["beta": [0.7, 0.3, 1.1]], "beta"),
    (["beta": [0.7, 0.3, "inf", 0.01]], "beta[2]"), (["alpha": [1.0, "nan", 0.5, 4]], "alpha[1]"),
    (["alpha": [1.0, 1e300, 0.5, 4]], "alpha[1]"), (["ritz_values": []], "weights"),
    (["ritz_values": [], "weights": []], "ritz_values"), (["ritz_values": "many"], "ritz_values"),
    (["weights": [0.5, 0.5]], "weights"), (["weights": [0.0, 0, 0, 0]], "weights"),
    (["weights": [-0.1, 0.5, 0.3, 0.3]], "weights[0]"),
    (["ritz_values": [4.0, 3, 2, 1]], "ritz_values"), (["ritz_values": [1.0, 2, 3, 4]], "ritz_values[0]"),
    (["weights": [0.25, 0.25, 0.25, 0.25]], "weights[0]"), (["smallest": .number(1)], "smallest"),
    (["smallest": ["rayleigh": .number(1)]], "smallest.rounding"),
    (["smallest_lower_limit": "-inf"], "smallest_lower_limit"),
    (["failure_probability": "nan"], "failure_probability"),
  ]

  @Test(arguments: faults.indices) func damageIsNamedByFileAndKey(_ index: Int) throws {
    let fault = Self.faults[index]
    let error = #expect(throws: DataError.self) { try Self.record(fault.changes) }
    #expect(error?.file == "s.json" && error?.place == fault.place, "\(String(describing: error))")
  }

  @Test func aChangeOfTheLastDigitsIsNoDamageAndOneAboveTheBoundIs() throws {
    let nodes = try Self.record().rule.nodes
    let matrix = SymmetricTridiagonal(diagonal: Self.alpha, offDiagonal: Array(Self.beta.dropLast()))
    let bound = 2 * (try TridiagonalEigen(matrix).errorBound)
    func shifted(_ by: Double) -> JSON {
      .array(nodes.enumerated().map { .number($0.offset == 1 ? $0.element + by : $0.element) })
    }
    #expect(try Self.record(["ritz_values": shifted(bound / 2)]).rule.nodes[1] != nodes[1])
    #expect(throws: DataError.self) { try Self.record(["ritz_values": shifted(2 * bound)]) }
  }

  @Test func filesAreOneRecordOrAnArrayOfThem() throws {
    let scratch = try TemporaryDirectory()
    defer { scratch.remove() }
    let file = scratch.url.appendingPathComponent("s.json")
    try AtomicFile.write(try Self.json(), to: file)
    #expect(try SpectrumRecord.read(file).count == 1)
    try AtomicFile.write(.array([try Self.json(), try Self.json(mode: .released)]), to: file)
    #expect(try SpectrumRecord.read(file).map(\.mode) == [.exact, .released])
    for text in ["[]", "3", "[3]", "{", ""] {
      try AtomicFile.write(Data(text.utf8), to: file)
      #expect(throws: DataError.self) { try SpectrumRecord.read(file) }
    }
    #expect(throws: DataError.self) { try SpectrumRecord.read(scratch.url) }
    #expect(throws: MissingError.self) {
      try SpectrumRecord.read(scratch.url.appendingPathComponent("none"))
    }
  }

  @Test func seriesPutProbesTogetherAndKeepTheTightestLimits() throws {
    let a = try Self.record()
    let b = try Self.record(["smallest_lower_limit": .number(-4), "probe": .integer(1)])
    let c = try Self.record(mode: .released)
    let series = SpectrumSeries.grouping([("x", a), ("x", c), ("x", b), ("y", a)])
    #expect(series.map(\.records.count) == [2, 1, 1] && series.map(\.name)[0] == "x, class 9")
    #expect(series[0].smallest.lowerLimit == -4 && series[0].smallest.value == a.smallest.value)
    #expect(series[0].failureProbability == 0.004 && series[1].failureProbability == nil)
  }

  @Test func differentMatricesOfASelectionStandApart() throws {
    let early = try Self.record(["epoch": 160, "parameters": "1111111122", "normalization": "running"])
    let end: [String: JSON] = ["epoch": 200, "parameters": "2222222233", "normalization": "running"]
    func changed(_ more: [String: JSON], mode: SpectrumRecord.Mode = .exact) throws -> SpectrumRecord {
      try Self.record(end.merging(more) { $1 }, mode: mode)
    }
    let last = try changed([:])
    let cropped = try changed(["augmented": .bool(true), "redraws": .bool(false), "seed": "3"])
    let redrawn = try changed(
      ["augmented": .bool(true), "redraws": .bool(true), "drift": .number(0.5)], mode: .released)
    func names(_ records: [SpectrumRecord], label: String? = nil) -> [String] {
      SpectrumSeries.grouping(records.map { (label, $0) }).map(\.name)
    }
    #expect(names([last]) == ["class 9"] && names([last, last], label: "SGD") == ["SGD, class 9"])
    #expect(names([early, last]) == ["class 9, after 160 epochs", "class 9, after 200 epochs"])
    #expect(names([last, cropped, redrawn]) == ["class 9", "class 9, crops of seed 3", "class 9"])
    #expect(
      names([last, try changed(["parameters": "3333333344"])])
        == ["class 9, network 22222222", "class 9, network 33333333"])
    #expect(
      names([last, try changed(["normalization": "batch"]), try changed(["samples": 20])])
        == ["class 9, running, 50 images", "class 9, batch, 50 images", "class 9, running, 20 images"])
    // Another label is another row anyway, and another class has its own number of images.
    #expect(
      SpectrumSeries.grouping([
        ("a", early), ("b", last), ("b", try changed(["data": "class 7", "samples": 139])),
      ])
      .map(\.name) == ["a, class 9", "b, class 9", "b, class 7"])
  }

  @Test func spectraOfCheckpointsAreCourses() throws {
    func record(
      _ epoch: Int, _ parameters: String, _ more: [String: JSON] = [:], mode: SpectrumRecord.Mode = .exact
    ) throws -> SpectrumRecord {
      try Self.record(
        ["epoch": .integer(epoch), "parameters": .string(parameters)].merging(more) { $1 }, mode: mode)
    }
    let redrawn = try record(
      20, "b", ["augmented": .bool(true), "redraws": .bool(true), "drift": .number(0.5)], mode: .released)
    let tail = try record(20, "b", ["data": "tail"])
    let records = [
      try record(20, "b"), try record(10, "a"), redrawn, tail, try record(20, "b", ["data": "class 2"]),
    ]
    let courses = try SpectrumDynamics.courses(name: "SGD", of: records, file: "s.json")
    #expect(courses.map(\.name) == ["SGD, exact", "SGD, released, re-drawn"])
    #expect(courses.map(\.isRedrawn) == [false, true])
    #expect(courses[0].classes.map(\.label) == [2, 9] && courses[1].classes.map(\.label) == [9])
    let points = courses[0].classes[1].points
    #expect(points.map(\.epoch) == [10, 20])
    let nodes = records[0].rule.nodes
    #expect(points[0].smallest == nodes[0] && points[0].largest == nodes[3])
    #expect(points[0].ratio == (nodes[0] / nodes[3]).magnitude && points[0].loss == nil)
    #expect(try SpectrumDynamics.courses(name: "x", of: [redrawn], file: "s.json").map(\.name) == ["x"])
    // Rows without a value are not drawn, and the curves say of which images they are.
    let figure = DynamicsFigure.draw(courses, classes: [9], title: "t")
    #expect(
      Set(ReadDrawing.rows(figure.csv).map { $0[0] }) == [
        "class 9: λ_min", "class 9: λ_max", "class 9: |λ_min/λ_max|",
      ])
    let words = try ReadDrawing(figure.svg).texts.joined(separator: " ")
    #expect(words.contains("so of no one matrix: SGD, released, re-drawn."))
    for (wrong, found) in [
      ([tail], "no spectra of classes"), ([try Self.record()], "without \"epoch\""),
      ([try record(20, "a"), try record(20, "b")], "two networks after 20 epochs"),
    ] {
      let error = #expect(throws: DataError.self) {
        try SpectrumDynamics.courses(name: "x", of: wrong, file: "s.json")
      }
      #expect(error?.description.contains(found) == true)
    }
  }
}
