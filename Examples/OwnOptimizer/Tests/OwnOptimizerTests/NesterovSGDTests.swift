import EscapementTesting
import Foundation
import Testing

@testable import OwnOptimizer

/// With Swift Testing: an error that leaves a test is its issue, and its description says what is wrong.
@Suite struct NesterovSGDTests {
  /// What the rule's author states: one query a step, at the parameters; no radius, so nothing is perturbed; and, as
  /// Nesterov's step goes η·(d + μ·b) where SGD's goes η·b, not the law that fixes SGD's.
  static let subject = RuleSubject(
    "nesterov",
    claims: RuleClaims(
      steps: [.init([.init(.all, .observe, at: .parameters)], descent: nil)], perturbs: false,
      followsLinearLoss: false),
    { settings, _ in try NesterovSGD(momentum: settings.momentum, weightDecay: settings.weightDecay) },
    { settings, _ in try NesterovSGD(momentum: settings.momentum, weightDecay: settings.weightDecay) })

  @Test func keepsTheLaws() throws {
    try expectLaws(of: Self.subject)
  }

  @Test func keepsItsLosses() throws {
    let rule = try NesterovSGD<Double>(momentum: 0.9, weightDecay: 0)
    try expectGolden(
      quadraticLosses(of: rule), named: "saddle-losses", in: "nesterov",
      provenance: ["momentum": "0.9", "steps": "20"], because: "first record")
  }

  /// Two epochs on synthetic images: every step is on record.
  @Test func keepsItsRun() throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent(
      "nesterov-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    try expectGolden(
      of: trainOnFixture(in: directory), named: "fixture-run", in: "nesterov", because: "first record")
  }

  /// Without momentum every step is plain descent: λᵢ → wᵢ·(1 − η·λᵢ).
  @Test func withoutMomentumItDescends() throws {
    let losses = try quadraticLosses(of: NesterovSGD<Double>(momentum: 0, weightDecay: 0), steps: 2)
    let (spectrum, start) = ([4, 1, 0.25, -0.5], [1, -0.75, 0.5, 0.001])
    let next = zip(spectrum, start).map { 0.5 * $0 * ($1 * (1 - 0.1 * $0)) * ($1 * (1 - 0.1 * $0)) }
    // Four terms of at most 0.72 in size and six roundings each: 24 · 2⁻⁵³ · 0.72.
    #expect(abs(losses[1] - next.reduce(0, +)) <= 24 * 0x1p-53 * 0.72)
  }
}
