import EscapementCurvature
import EscapementKernels
import EscapementTestSupport
import Testing

/// A spectrum with the judgment on its own measurement.
@Suite("Certified spectra")
struct CertifiedSpectrumTests {
  @Test("the extremes, rule and certificates are those of the plain spectrum, and a fixed matrix is valid")
  func sameAsPlain() throws {
    let known = KnownSpectrum.family(40)[2]
    let (float, double) = (known.asOperator(Float.self), known.asOperator(Double.self))
    for probe: UInt64 in [0, 3] {
      let certified = try CertifiedSpectrum(of: float, measuredBy: double, steps: 15, seed: 7, probe: probe)
      let (report, smallest, largest) = try extremePairs(
        of: float, measuredBy: double, steps: 15, seed: 7, probe: probe)
      #expect(certified.report == report)
      #expect(certified.smallest == smallest && certified.largest == largest)
      #expect(certified.certification.isValid, "\(certified.certification.failures)")
      #expect(certified.products == report.steps + CertifiedSpectrum.furtherProducts)
    }
  }

  @Test("an operator of zeros has no ratio, and two solvers agree on it", arguments: [0.0, 1e-221, 1e-170])
  func zeros(scale: Double) throws {
    // The products in Float are exactly zero; those in Double are `scale` at most, and their squares are zero.
    let n = 24
    let float = DenseSymmetricOperator(Tensor<Float>.zeros([n, n]))
    let double = DenseSymmetricOperator(
      Tensor((0..<(n * n)).map { $0 % (n + 1) == 0 ? scale * Double(1 + $0 / n) : 0 }, shape: [n, n]))
    let spectrum = try CertifiedSpectrum(of: float, measuredBy: double, steps: 10, seed: 1)
    let (ours, top) = (spectrum.report.smallest, spectrum.report.largest)
    #expect(RitzCertificate.ratio(smallest: ours, largest: top) == nil)
    let theirs = try LOBPCG(seed: 2).smallest(of: float, measuredBy: double).certificate
    let allowed = theirs.residual + theirs.rounding + ours.residual + ours.rounding
    #expect((theirs.rayleighQuotient - ours.rayleighQuotient).magnitude <= allowed)
    // Every eigenvalue lies in 0...n·scale, and so do the certificates' intervals' claims.
    #expect(ours.interval.contains(0) && theirs.interval.contains(0) && ours.rounding < 1e-150)
    let one = KnownSpectrum.family(12)[1].asOperator(Double.self)
    let plain = try CertifiedSpectrum(of: one, measuredBy: one, steps: 12, seed: 1).report
    let ratio = RitzCertificate.ratio(smallest: plain.smallest, largest: plain.largest)
    #expect(ratio == (plain.smallest.rayleighQuotient / plain.largest.rayleighQuotient).magnitude)
  }

  @Test("traces of different probes are independent parts of one sequence")
  func traceParts() throws {
    let a = KnownSpectrum.family(40)[0].asOperator(Double.self)
    let n = CertifiedSpectrum.traceProbes
    let whole = try HutchinsonTrace(of: a, probes: 2 * n, seed: 4).samples
    for probe in 0..<2 {
      let part = try CertifiedSpectrum(of: a, measuredBy: a, steps: 5, seed: 4, probe: UInt64(probe))
      #expect(part.traceSamples.samples == Array(whole[probe * n..<(probe + 1) * n]))
    }
  }

  @Test("an operator that is re-drawn at each product is refused, and the drift says why")
  func redrawn() throws {
    let family = SyntheticPSD<Float>(dimension: 60, rank: 20, noise: 0.1, seed: 1)
    let certified = try CertifiedSpectrum(
      of: family.redrawn, measuredBy: family.fixed, steps: 20, seed: 1)
    #expect(!certified.certification.isValid)
    #expect(certified.certification.failures.contains { $0.property == .drift })
  }

  @Test("an observed operator has the products of its base, tells of each and stops when told")
  func observed() throws {
    struct Stop: Error {}
    let base = KnownSpectrum.family(12)[1].asOperator(Float.self)
    var products = 0
    let counted = ObservedOperator(base) { products += 1 }
    let v = Tensor<Float>((0..<12).map { Float($0) - 4.5 })
    #expect(try counted.product(v) == base.product(v))
    #expect(counted.dimension == 12 && counted.productErrorBound == base.productErrorBound)
    let taken = try CertifiedSpectrum(of: counted, measuredBy: counted, steps: 6, seed: 1).products
    #expect(products == 1 + taken)
    products = 0
    let stopping = ObservedOperator(base) {
      products += 1
      if products == 4 { throw Stop() }
    }
    #expect(throws: Stop.self) { try CertifiedSpectrum(of: stopping, measuredBy: base, steps: 6, seed: 1) }
    #expect(products == 4)
  }

  @Test("steps for a wanted gap are the fewest that reach it", arguments: [100, 5000, 464_154])
  func steps(dimension: Int) {
    for gap in [0.3, 0.05, 0.0034, 0.0004] {
      for probability in [0.5, 0.01, 1e-6] {
        let steps = KrylovProbabilityBound.steps(
          dimension: dimension, relativeGap: gap, failureProbability: probability)
        func reached(_ steps: Int) -> Double {
          KrylovProbabilityBound(
            steps: steps, dimension: dimension, failureProbability: probability
          ).relativeGap
        }
        #expect(steps == dimension || reached(steps) <= gap)
        #expect(steps == 1 || reached(steps - 1) > gap)
        #expect((1...dimension).contains(steps))
      }
    }
    // Kuczyński and Woźniakowski's bound for a ResNet-32 at 1 %: 0.34 % after 100 steps, 0.04 % after 300.
    #expect(
      (99...101).contains(
        KrylovProbabilityBound.steps(dimension: 464_154, relativeGap: 0.0034, failureProbability: 0.01)))
  }

  @Test("one sample has no interval, whatever is known of its error")
  func singleSample() throws {
    let a = KnownSpectrum.family(40)[0].asOperator(Double.self)
    let one = try CertifiedSpectrum(of: a, measuredBy: a, steps: 5, seed: 4).certification.quadratureTrace
    #expect(one.count == 1 && one.standardError != nil)
    #expect(one.interval() == nil)
  }
}
