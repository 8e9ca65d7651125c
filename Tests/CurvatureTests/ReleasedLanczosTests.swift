import EscapementCalculus
import EscapementCurvature
import EscapementKernels
import EscapementTestSupport
import Testing

/// The released procedure: what it is, where it is right, and where it is not.
@Suite("The released Lanczos procedure")
struct ReleasedLanczosTests {
  @Test("α and β are those of the description, to the bit, within and beyond the dimension")
  func bits() throws {
    let map = LanczosBitsTests.matrix(Float.self)
    for probe in 0..<3 as Range<UInt64> {
      let krylov = try ReleasedLanczos(steps: 40, seed: 9, probe: probe).decompose(map)
      // The start: the first basis vector has entries of one magnitude, so their signs are the start itself.
      let start = krylov.basis[0].elements.map { $0 > 0 ? Float(1) : -1 }
      #expect(Set(krylov.basis[0].elements.map(\.magnitude)).count == 1)
      let oracle = ReleasedArithmetic.lanczos(map, start: start, steps: 40)
      #expect(krylov.alpha == oracle.alpha.map(Double.init))
      #expect(Array(krylov.beta.dropLast()) == oracle.beta.map(Double.init))
      #expect(krylov.steps == 40 && krylov.basis.count == 40)
    }
    let signs = try (0..<3).map {
      try ReleasedLanczos(steps: 1, seed: 9, probe: $0).decompose(map).basis[0]
    }
    #expect(signs[0] != signs[1] && signs[1] != signs[2])
    // Both signs occur about equally: 24 fair signs have 4 to 20 of one with probability 1 − 2.6e-4.
    #expect((4...20).contains(signs[0].elements.filter { $0 > 0 }.count))
  }

  @Test("on a fixed, well scaled operator of full rank it is accurate")
  func accurateWhereSound() throws {
    // Separated extremes, which 100 steps reach: λ_min = −8 and λ_max = 20 beside a bulk in ±1.
    let n = 300
    let values = (0..<n).map { i -> Double in
      switch i {
      case 0: -8
      case 1: 20
      default: -1 + 2 * Double(i) / Double(n)
      }
    }
    let known = KnownSpectrum("saddle", values: values, seed: 51)
    let ritz = try GaussQuadrature(
      ReleasedLanczos(seed: 3).decompose(known.asOperator(Float.self)).tridiagonal
    ).nodes
    // A hundred steps each off by a Float product (γ‖A‖_F) and by 100 subtractions of ε‖A‖.
    let a = known.asOperator(Float.self)
    let slack =
      10 * (a.productErrorBound! + 208 * Double(Float.ulpOfOne) * 20) + known.uncertainty(in: Float.self)
    #expect((ritz.first! + 8).magnitude <= slack)
    #expect((ritz.last! - 20).magnitude <= slack)
  }

  @Test(
    "at a small scale the 1e-6 in the norms invents an eigenvalue of −λ_max, ours does not",
    arguments: [
      // Scale, then what the released procedure finds: true are −0.004 and 10 times the scale.
      (1, -0.003998, 9.99999), (0.003, -0.037238, 0.039588),
    ])
  func smallScale(_ scale: Double, _ smallest: Double, _ largest: Double) throws {
    // Ten outliers over a bulk in ±0.004, where β is some 0.002·scale: at 0.003, six times what is added to it.
    let outliers: [Double] = (1...10).map { Double($0) * scale }
    let bulk: [Double] = (0..<390).map { (-0.004 + 0.008 * Double($0) / 389) * scale }
    let known = KnownSpectrum("outliers over a bulk", values: outliers + bulk, seed: 53)
    let map = known.asOperator(Float.self)
    let released = try GaussQuadrature(ReleasedLanczos(seed: 2).decompose(map).tridiagonal).nodes
    let ours = try GaussQuadrature(Lanczos(steps: 100, seed: 2).decompose(map).tridiagonal).nodes
    // The figures of Documentation/Spectra.md, to a unit of their last decimal.
    #expect((released.first! - smallest).magnitude <= 1e-6)
    #expect((released.last! - largest).magnitude <= 1e-5)
    // 100 steps leave the ends of a bulk of 390 to a thousandth of it, 4e-6·scale; ten roundings of Float beside.
    let slack = known.uncertainty + 4e-6 * scale + 10 * Double(Float.ulpOfOne) * 10 * scale
    #expect((ours.first! + 0.004 * scale).magnitude <= slack)
    #expect((ours.last! - 10 * scale).magnitude <= slack)
  }

  @Test("only a remainder of exactly 0 is a breakdown, and takes a fresh Gaussian vector")
  func breakdown() throws {
    let zero = DenseSymmetricOperator(Tensor<Float>.zeros([12, 12]))
    let krylov = try ReleasedLanczos(steps: 5, seed: 4).decompose(zero)
    #expect(krylov.alpha == [0, 0, 0, 0, 0] && krylov.beta == [0, 0, 0, 0, 0])
    // Five vectors of 12 entries, orthogonal up to one pass in Float and the 1e-6 in the lengths.
    #expect(krylov.orthogonalityLoss <= 1e-5)
    #expect(krylov.basis[1] != krylov.basis[2])
    #expect(Set(krylov.basis[1].elements).count == 12)
  }

  @Test("a product that is not finite throws and names its step; the caller may cancel")
  func errors() {
    let broken = RedrawnOperator(dimension: 3) { i in
      ShiftedGramOperator(
        rows: Tensor<Float>([1, 2, i == 2 ? Float.greatestFiniteMagnitude : 3], shape: [1, 3]))
    }
    #expect(throws: LanczosError.nonFinite(step: 3)) { try ReleasedLanczos(seed: 1).decompose(broken) }
    #expect(broken.products == 3)
    struct Cancelled: Error {}
    let map = LanczosBitsTests.matrix(Float.self)
    var seen = 0
    #expect(throws: Cancelled.self) {
      try ReleasedLanczos(seed: 1).decompose(map) { progress in
        seen = progress.step
        #expect(progress.steps == 100)
        if progress.step == 7 { throw Cancelled() }
      }
    }
    #expect(seen == 7)
  }

  @Test("the top eigenvalue: the quotients of the description, the last but one returned")
  func topEigenvalue() throws {
    let map = LanczosBitsTests.matrix(Float.self)
    for seed in 1...3 as ClosedRange<UInt64> {
      let short = try ReleasedTopEigenvalue(of: map, limit: 2, tolerance: 1e-12, seed: seed)
      #expect(!short.converged && short.quotients.count == 2 && short.value == short.quotients[1])
      let full = try ReleasedTopEigenvalue(of: map, seed: seed)
      let start = Tensor<Float>.standardNormal(
        seed: seed, purpose: .probe, index: 3 << 32, shape: [map.dimension])
      let oracle = ReleasedArithmetic.topEigenvalue(map, start: start.elements, limit: 100)
      #expect(full.converged && full.quotients == oracle.quotients && full.value == oracle.value)
      #expect(full.value == full.quotients[full.quotients.count - 2])
    }
    // A strong saddle: the largest modulus is negative.
    let saddle = KnownSpectrum(
      "saddle", values: (0..<40).map { $0 == 0 ? -10 : Double($0) / 20 }, seed: 52)
    let top = try ReleasedTopEigenvalue(of: saddle.asOperator(Float.self), seed: 2)
    // The stop at a change of 1e-3 with a ratio of 5 between moduli: within 1e-3 of the last change.
    #expect(top.converged && (top.value + 10).magnitude <= 0.05)
  }

  @Test("the trace stops when the running mean does, whatever its sign")
  func trace() throws {
    // Of a diagonal matrix every sample is the trace, so the second one stops.
    for sign in [1, -1] as [Double] {
      var diagonal = [Float](repeating: 0, count: 64)
      for i in 0..<8 { diagonal[9 * i] = Float(sign) * Float(i + 1) }
      let trace = try ReleasedTrace(
        of: DenseSymmetricOperator(Tensor(diagonal, shape: [8, 8])), seed: 5)
      #expect(trace.samples == [36 * sign, 36 * sign] && trace.converged && trace.value == 36 * sign)
    }
    let known = KnownSpectrum.family(60)[0]
    let trace = try ReleasedTrace(of: known.asOperator(Float.self), seed: 6)
    var sum = 0.0
    var previous = 0.0
    for (i, sample) in trace.samples.enumerated() {
      sum += sample
      let mean = sum / Double(i + 1)
      let stops = abs(mean - previous) / (abs(previous) + 1e-6) < 1e-3
      #expect(stops == (i == trace.samples.count - 1 && trace.converged))
      previous = mean
    }
    #expect(trace.converged || trace.samples.count == 100)
    #expect(trace.samples.count > 2 && trace.value == previous)
    let capped = try ReleasedTrace(of: known.asOperator(Float.self), limit: 3, tolerance: 1e-12, seed: 6)
    #expect(capped.samples == Array(trace.samples.prefix(3)) && !capped.converged)
  }
}
