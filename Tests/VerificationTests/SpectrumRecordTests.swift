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
}
