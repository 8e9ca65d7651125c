import EscapementDrawing
@testable import EscapementGoldens
import Testing

@testable import EscapementVerification

@Suite struct TraceComparisonTests {
  /// Twelve steps, one point a step.
  static func trace(every interval: Int = 1, _ change: (inout TracePoint) -> Void = { _ in }) -> Trace {
    var trace = Trace()
    trace.digestEvery = 1
    trace.tensorNames = ["conv1.weight", "bn1.weight", "linear.bias"]
    for step in stride(from: 0, through: 12, by: 1) where step == 0 || step.isMultiple(of: interval) {
      var point = TracePoint(TracePlace(step: step, kind: .step))
      if step == 0 {
        point.values = [
          .trainingImages: .text("pictures"), .orderSettings: .text("0 uniform 4"),
          .initialSettings: .text("resnet8 4 0"),
        ]
      } else {
        let x = Double(step)
        point.values = [
          .learningRate: .number(0.1), .rho: .number(0.5), .loss: .number(2 / x), .correct: .number(x),
          .samples: .number(32), .gradientNorm: .number(1 / x), .perturbationNorm: .number(0.5),
          .descentLoss: .number(2.5 / x), .cosine: .number(0.9), .digest: .text("chain \(step)"),
        ]
        point.tensors = ["aa\(step)", "bb\(step)", "cc\(step)"]
      }
      change(&point)
      trace.points.append(point)
    }
    return trace
  }

  /// From step 5 on a quantity and all that follow from it differ; the ladder names the quantity's rung.
  @Test(arguments: [
    (TraceQuantity.learningRate, Rung.rate), (.rho, .rho), (.loss, .forward), (.correct, .forward),
    (.gradientNorm, .backward), (.perturbationNorm, .ascent), (.descentLoss, .ascent), (.cosine, .ascent),
    (.digest, .update), (.samples, .order),
  ]) func theFirstRungIsNamed(quantity: TraceQuantity, rung: Rung) throws {
    let other = Self.trace { point in
      guard point.place.step >= 5 else { return }
      for lower in TraceQuantity.allCases where lower.rung.position > quantity.rung.position {
        if point.values[lower] != nil { point.values[lower] = .number(-1) }
      }
      point.values[quantity] = .number(-1)
    }
    let comparison = TraceComparison(Self.trace(), other)
    #expect(!comparison.agrees && comparison.first?.rung == rung)
    #expect(comparison.first?.difference?.quantity == quantity)
    #expect(comparison.firstDivergentStep == TracePlace(step: 5, kind: .step))
    #expect(comparison.lastAgreeingStep == 4 && comparison.sharpness == nil)
    let rows = comparison.seriesRows()
    #expect(rows.map { $0[0] } == ["2", "3", "4", "5", "6", "7", "8"])
    #expect(rows.map(\.last) == ["", "", "", "<- parts", "", "", ""])
    #expect(rows[0].prefix(7) == ["2", "1", "1", "0.5", "0.5", "2/32", rows[0][6]])
  }

  @Test(arguments: [
    (TraceQuantity.trainingImages, Rung.data), (.orderSettings, .order),
    (.initialSettings, .initialization),
  ]) func whatPartsBeforeTheFirstStepComesFirst(quantity: TraceQuantity, rung: Rung) throws {
    let other = Self.trace { point in
      if point.place.step == 0 { point.values[quantity] = .text("other") }
      if point.place.step >= 1 { point.values[.loss] = .number(7) }
    }
    let comparison = TraceComparison(Self.trace(), other)
    #expect(comparison.first?.rung == rung)
    #expect(comparison.firstDivergentStep?.step == 1, "the images are no step")
    #expect(comparison.summary.contains("before the first step"))
  }

  @Test func equalTracesAgree() {
    let comparison = TraceComparison(Self.trace(), Self.trace())
    #expect(comparison.agrees && comparison.first == nil && comparison.firstDivergentStep == nil)
    #expect(comparison.ladder.map(\.rung) == Rung.allCases)
    #expect(comparison.ladder.last?.outcome == .notRecorded, "no epoch is on record")
    #expect(comparison.ladder[5].outcome == .agrees(values: 24), "12 losses and 12 counts")
  }

  /// A decimal that looks alike is not enough: bits decide, and NaN agrees with NaN alone.
  @Test func bitsDecide() throws {
    func first(_ value: Double) -> TraceDifference? {
      TraceComparison(
        Self.trace(), Self.trace { if $0.place.step == 4 { $0.values[.loss] = .number(value) } }
      ).first?.difference
    }
    #expect(first(0.5) == nil)
    let near = try #require(first((0.5).nextUp))
    #expect(near.ulps == 1 && near.text.contains("1 ulp apart") && near.place.step == 4)
    let missing = try #require(first(.nan))
    #expect(missing.ulps == nil)
    func withNaN() -> Trace { Self.trace { $0.values[.loss] = .number(.nan) } }
    #expect(TraceComparison(withNaN(), withNaN()).agrees)
    let zero = TraceComparison(
      Self.trace { $0.values[.cosine] = .number(0) }, Self.trace { $0.values[.cosine] = .number(-0.0) })
    #expect(zero.first?.rung == .ascent && zero.first?.difference?.ulps == 0)
  }

  /// Records three steps apart cannot tell steps 4 and 5 from 6, and say so.
  @Test func gapsAreAdmitted() throws {
    let other = Self.trace(every: 3) { if $0.place.step >= 5 { $0.values[.digest] = .text("x") } }
    let comparison = TraceComparison(Self.trace(), other)
    #expect(comparison.firstDivergentStep?.step == 6 && comparison.lastAgreeingStep == 3)
    #expect(try #require(comparison.sharpness).contains("steps 4 to 5 are not on both records"))
  }

  /// Chains with links at other steps are two chains.
  @Test func chainsOfOtherIntervalsAreNotCompared() {
    var other = Self.trace { if $0.place.step > 0 { $0.values[.digest] = .text("other links") } }
    #expect(TraceComparison(Self.trace(), other).first?.rung == .update)
    other.digestEvery = 0
    let comparison = TraceComparison(Self.trace(), other)
    #expect(comparison.first == nil && comparison.ladder[8].outcome == .notRecorded)
  }

  @Test func anotherEndIsADifference() {
    var short = Self.trace()
    short.points.removeLast(4)
    let comparison = TraceComparison(Self.trace(), short)
    #expect(comparison.first == nil && !comparison.agrees && comparison.lastAgreeingStep == 8)
    var ended = Self.trace()
    ended.ending = "diverged in step 13 (loss)"
    #expect(!TraceComparison(Self.trace(), ended).agrees)
    #expect(
      TraceComparison(Self.trace(), ended).lines(in: .wide).contains { $0.contains("diverged in step 13") })
  }

  @Test func theFirstTensorIsNamedInLayoutOrder() throws {
    let other = Self.trace { point in
      if point.place.step == 7 { point.tensors[2] = "dd" }
      if point.place.step >= 8 { point.tensors = ["x", "y", "z"] }
    }
    let tensor = try #require(TraceComparison(Self.trace(), other).firstTensor)
    #expect(tensor.name == "linear.bias" && tensor.place.step == 7)
    var renamed = Self.trace()
    renamed.tensorNames[0] = "stem.weight"
    #expect(TraceComparison(renamed, other).firstTensor == nil, "other networks have no common tensors")
  }

  /// What the settings lead to is compared where both have it; else the settings stand in.
  @Test func settingsStandInForWhatIsNotRecorded() {
    func start(_ settings: String, _ recorded: String?) -> Trace {
      Self.trace { point in
        guard point.place.step == 0 else { return }
        point.values[.initialSettings] = .text(settings)
        point.values[.initialParameters] = recorded.map { .text($0) }
      }
    }
    #expect(TraceComparison(start("a", "p"), start("b", "p")).first == nil)
    #expect(TraceComparison(start("a", "p"), start("a", "q")).first?.rung == .initialization)
    #expect(TraceComparison(start("a", "p"), start("b", nil)).first?.rung == .initialization)
    #expect(TraceComparison(start("a", "p"), start("a", nil)).first == nil)
  }
}
