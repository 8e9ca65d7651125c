import EscapementLAPACK
import EscapementCurvature
import EscapementKernels
import EscapementTestSupport
import Testing

/// Negative mass against the exact one.
@Suite("Negative mass")
struct NegativeMassTests {
  /// Six of thirty eigenvalues below −0.01·λ_max, two between that and 0.
  static let known = KnownSpectrum(
    "six negative",
    values: (0..<30).map { i in
      switch i {
      case 0..<6: -0.5 - 0.3 * Double(i)
      case 6, 7: -0.01
      default: 0.1 * Double(i)
      }
    }, seed: 71)

  private func rules(steps: Int, probes: Int, seed: UInt64) throws -> [GaussQuadrature] {
    let a = Self.known.asOperator(Double.self)
    return try (0..<probes).map {
      try GaussQuadrature(Lanczos(steps: steps, seed: seed, probe: UInt64($0)).decompose(a).tridiagonal)
    }
  }

  /// Σ (qᵢ·v)² over eigenvalues below `point`, for the unit start vector of a probe.
  private func exactMass(below point: Double, seed: UInt64, probe: Int) throws -> Double {
    let exact = try ExactSpectrum(of: Self.known.matrix, vectors: true)
    let start = Lanczos(steps: 1, seed: seed, probe: UInt64(probe)).startVector(Double.self, dimension: 30)
    return exact.values.indices.filter { exact.values[$0] < point }.reduce(0) { sum, i in
      let projection = exact.vectors!.view(at: 30 * i, shape: [30]).dot(start)
      return sum + projection * projection / start.dot(start)
    }
  }

  @Test("with all steps the mass is the start vector's part in the negative eigenspace")
  func complete() throws {
    let mass = try NegativeMass(rules(steps: 30, probes: 5, seed: 1))
    // λ_max = 2.9: the threshold is −0.029, and the pair at −0.01 does not count.
    #expect((mass.threshold + 0.029).magnitude <= 1e-12)
    for probe in 0..<5 {
      let exact = try exactMass(below: mass.threshold, seed: 1, probe: probe)
      // Projections on an eigenspace turn by the process' error over the gap to the next eigenvalue, 0.49:
      // 30 steps of 100 ε‖A‖ are below 3e-12.
      #expect((mass.masses[probe] - exact).magnitude <= 1e-11)
    }
  }

  @Test("with few steps the exact mass of each probe lies within the limits of its rule")
  func fewSteps() throws {
    var widths: [Double] = []
    for steps in [3, 6, 12, 18] {
      var width = 0.0
      for probe in 0..<4 {
        let rule = try GaussQuadrature(
          Lanczos(steps: steps, seed: 2, probe: UInt64(probe)).decompose(
            Self.known.asOperator(Double.self)
          ).tridiagonal)
        let mass = NegativeMass([rule])
        let exact = try exactMass(below: mass.threshold, seed: 2, probe: probe)
        #expect(mass.leastMass - 1e-11 <= exact && exact <= mass.greatestMass + 1e-11)
        #expect(mass.leastMass <= mass.masses[0] && mass.masses[0] <= mass.greatestMass)
        width += mass.greatestMass - mass.leastMass
      }
      widths.append(width / 4)
    }
    #expect(widths.last! < widths.first!)
  }

  @Test("the interval over ten probes covers the share of negative eigenvalues")
  func coverage() throws {
    var covered = 0
    let runs = 40
    for seed in 0..<UInt64(runs) {
      let mass = try NegativeMass(rules(steps: 30, probes: 10, seed: 10 + seed))
      let interval = mass.interval()!
      #expect(interval.lowerBound >= 0 && interval.upperBound <= 1)
      if interval.contains(0.2) { covered += 1 }
    }
    // 40 trials at 95 %: 32 or fewer have a probability of 2e-4.
    #expect(covered > 32 && covered <= runs)
    #expect(try NegativeMass(rules(steps: 30, probes: 1, seed: 1)).interval() == nil)
  }

  @Test("a spectrum without negative part has mass 0 and one below 0 has mass 1")
  func ends() throws {
    let positive = try GaussQuadrature(SymmetricTridiagonal(diagonal: [3, 4], offDiagonal: [1]))
    #expect(NegativeMass([positive]).masses == [0] && NegativeMass([positive]).leastMass == 0)
    let negative = try GaussQuadrature(SymmetricTridiagonal(diagonal: [-3, -4], offDiagonal: [1]))
    let mass = NegativeMass([negative])
    #expect((mass.masses[0] - 1).magnitude <= 8 * Double.ulpOfOne && mass.greatestMass == mass.masses[0])
  }
}
