import EscapementCurvature
import EscapementKernels
import EscapementTestSupport
import Testing

/// What passes and what fails certification.
@Suite("Self-certification")
struct SelfCertificationTests {
  /// Certifies `map` with probes, checks and trace taken from it, or from others put in their place.
  private func certify<Operator: SymmetricOperator>(
    _ map: Operator, steps: Int = 20, probes: Int = 2, seed: UInt64 = 1,
    momentsOf other: Operator? = nil, traceOf third: Operator? = nil
  ) throws -> SelfCertification {
    let results = try (0..<probes).map { i in
      try SpectrumProbe(
        Lanczos(steps: steps, seed: seed, probe: UInt64(i)).decompose(map), of: other ?? map)
    }
    return SelfCertification(
      of: map, probes: results, operatorChecks: try OperatorChecks(map, seed: seed),
      trace: try HutchinsonTrace(of: third ?? map, probes: 8, seed: seed))
  }

  private func kinds(_ result: SelfCertification) -> Set<String> {
    Set(result.failures.map { String($0.property.description.prefix { $0 != " " }) })
  }

  private func checkFamily<E: Real>(_ type: E.Type) throws {
    for known in KnownSpectrum.family(60) {
      for (steps, probes) in [(1, 1), (2, 2), (25, 1), (25, 3), (60, 2)] {
        let result = try certify(known.asOperator(E.self), steps: steps, probes: probes)
        #expect(result.isValid, "\(known.name), \(steps) steps: \(result.failures)")
        #expect(result.productErrorIsBound)
        #expect(result.checks.count >= 3 + 4 * probes)
      }
    }
  }

  @Test("fixed symmetric matrices of every kind pass in Double")
  func soundDouble() throws { try checkFamily(Double.self) }

  @Test("fixed symmetric matrices of every kind pass in Float")
  func soundFloat() throws { try checkFamily(Float.self) }

  @Test("few false alarms: three hundred seeds, one probe each, none fails")
  func falseAlarms() throws {
    // A few outliers over a bulk, the hardest for the trace of one probe; 300 trials at 1e-4 each.
    let a = KnownSpectrum.family(24)[6].asOperator(Double.self)
    for seed in 0..<300 as Range<UInt64> {
      let result = try certify(a, steps: 6, probes: 1, seed: seed)
      #expect(result.isValid, "seed \(seed): \(result.failures)")
    }
  }

  @Test("the traces by both ways cover the exact one")
  func traces() throws {
    let a = KnownSpectrum.family(40)[0].asOperator(Double.self)
    let truth = TraceTests.trace(a)
    var squares = 0.0
    var variances = 0.0
    for seed in 0..<60 as Range<UInt64> {
      let estimate = try certify(a, steps: 4, probes: 4, seed: seed).quadratureTrace
      squares += (estimate.mean - truth) * (estimate.mean - truth)
      variances += estimate.standardError! * estimate.standardError!
    }
    // The stated variance is the observed one: a ratio of χ²₆₀/60, within 0.5 to 1.7 but for 1e-3.
    #expect((0.5...1.7).contains(squares / variances))
  }

  @Test("an operator that changes from product to product fails by drift and by moments")
  func drifting() throws {
    let psd = SyntheticPSD<Float>(dimension: 200, rank: 30, noise: 0.1, seed: 2)
    let result = try certify(psd.redrawn)
    #expect(!result.isValid && kinds(result).isSuperset(of: ["drift", "moment"]))
    #expect(!result.productErrorIsBound)
    let drift = result.checks.first { $0.property == .drift }!
    #expect(drift.measured > 0.01 && drift.bound == 0)
  }

  /// A map that is not symmetric.
  private struct Skewed: SymmetricOperator {
    let matrix: Tensor<Double>
    var dimension: Int { matrix.shape[0] }
    var productErrorBound: Double? { 1e-12 }
    func product(_ vector: Tensor<Double>) -> Tensor<Double> {
      vector.reshaped([1, dimension]).matmul(matrix).reshaped([dimension])
    }
  }

  @Test("a map that is not symmetric fails by symmetry")
  func skewed() throws {
    var matrix = KnownSpectrum.family(30)[0].matrix
    matrix.withMutablePointer { $0[1] += 1e-6 }
    let result = try certify(Skewed(matrix: matrix))
    #expect(kinds(result).contains("symmetry"))
    var sound = KnownSpectrum.family(30)[0].matrix
    sound.withMutablePointer { $0[0] += 1e-6 }
    #expect(try certify(Skewed(matrix: sound)).isValid)
  }

  @Test("the released basis fails by orthogonality once the Krylov space is exhausted")
  func lostOrthogonality() throws {
    let map = SyntheticPSD<Float>(dimension: 300, rank: 20, shift: 1e-3, seed: 3).fixed
    let peer = try SpectrumProbe(ReleasedLanczos(seed: 3).decompose(map), of: map)
    let result = SelfCertification(
      of: map, probes: [peer], operatorChecks: try OperatorChecks(map, seed: 3),
      trace: try HutchinsonTrace(of: map, probes: 8, seed: 3))
    #expect(kinds(result).contains("orthogonality"))
  }

  @Test("moments and trace of another matrix fail by moment and by trace, and by nothing else")
  func strangers() throws {
    let known = KnownSpectrum.family(40)[0]
    let map = known.asOperator(Double.self)
    let near = DenseSymmetricOperator(known.matrix.scaled(by: 1 + 1e-9))
    let moments = try certify(map, momentsOf: near)
    #expect(kinds(moments) == ["moment"])
    // Degree 0 is the start vector's own length and cannot differ.
    #expect(moments.failures.count == 6)
    let far = KnownSpectrum("far", values: known.values.map { $0 + 40 }, seed: 72).asOperator(Double.self)
    #expect(kinds(try certify(map, traceOf: far)) == ["trace"])
  }

  /// Sound, but for one product that is not a number.
  private final class Faulty: SymmetricOperator {
    let map: DenseSymmetricOperator<Double>
    var remaining: Int
    init(_ map: DenseSymmetricOperator<Double>, soundProducts: Int) {
      self.map = map
      remaining = soundProducts
    }
    var dimension: Int { map.dimension }
    var productErrorBound: Double? { map.productErrorBound }
    func product(_ vector: Tensor<Double>) -> Tensor<Double> {
      remaining -= 1
      return remaining == -1 ? vector.scaled(by: .nan) : map.product(vector)
    }
  }

  @Test("a NaN fails, wherever it enters")
  func nan() throws {
    let known = KnownSpectrum.family(20)[0]
    // 8 steps; then one probe's two products, and three of the checks.
    for (place, kind) in [(8, "moment"), (9, "moment"), (10, "symmetry"), (11, "symmetry"), (12, "drift")] {
      let result = try certify(
        Faulty(known.asOperator(Double.self), soundProducts: place), steps: 8, probes: 1)
      #expect(!result.isValid && kinds(result).contains(kind), "product \(place): \(kinds(result))")
    }
    #expect(throws: LanczosError.nonFinite(step: 1)) {
      try certify(Faulty(known.asOperator(Double.self), soundProducts: 13), steps: 8, probes: 1)
    }
    let check = SelfCertification.Check(property: .trace, measured: .nan, bound: 1)
    let unbounded = SelfCertification.Check(property: .trace, measured: 0, bound: .nan)
    #expect(!check.passes && !unbounded.passes)
  }
}
