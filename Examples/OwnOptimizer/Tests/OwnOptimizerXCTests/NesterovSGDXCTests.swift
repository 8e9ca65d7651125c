import EscapementTesting
import XCTest

@testable import OwnOptimizer

/// With XCTest: a test method that throws fails, and prints the error's description.
final class NesterovSGDXCTests: XCTestCase {
  private let subject = RuleSubject(
    "nesterov", claims: RuleClaims(perturbs: false, followsLinearLoss: false),
    { settings, _ in try NesterovSGD(momentum: settings.momentum, weightDecay: settings.weightDecay) },
    { settings, _ in try NesterovSGD(momentum: settings.momentum, weightDecay: settings.weightDecay) })

  func testKeepsTheLaws() throws {
    try expectLaws(of: subject)
  }

  /// The same record as the Swift Testing target's: both frameworks read one file.
  func testKeepsItsLosses() throws {
    let record = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("OwnOptimizerTests/Golden")
    let rule = try NesterovSGD<Double>(momentum: 0.9, weightDecay: 0)
    try expectGolden(
      quadraticLosses(of: rule), named: "saddle-losses", in: "nesterov",
      provenance: ["momentum": "0.9", "steps": "20"], because: "first record", root: record)
  }

  /// A failure is one error with a line a law.
  func testAFailureIsReadable() throws {
    XCTAssertThrowsError(
      try expectLaws(of: RuleSubject("wrong", { _, _ in Climbing() }, { _, _ in Climbing() }))
    ) {
      XCTAssertTrue("\($0)".contains("wrong does not keep"), "\($0)")
      XCTAssertTrue("\($0)".contains("wrong, "), "\($0)")
    }
  }
}
