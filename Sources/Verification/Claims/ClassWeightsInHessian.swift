import EscapementCurvature
import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementNetworks

// The effect of re-weighting on the Hessian of one class's loss.

extension Claim {
  /// H17: class weights cancel from a class-wise Hessian.
  static let classWeightsCancel = Claim(
    id: "H17", kind: .own,
    source: ClaimSource(
      paper: "github.com/val-iisc/Saddle-LongTail", place: "hessian_analysis.py with re-weighting; derived"),
    statement:
      "Re-weighting does not change a class-wise Hessian: with one class in the batch, a mean that is normalized by "
      + "its weights is the plain mean.",
    tier: .fixture,
    leaf: .spectra, weight: .nothing,
    nulls: .losing([.identityHessian]),
    refutedBy:
      "A class of the fixture on which the products with and without weights differ by more than rounding.",
    procedure:
      "Products of the exact Hessian of ResNet-8 in Double on images of classes 0, 4 and 9 of the fixture, along "
      + "seeded directions, with the plain and with the effective-number-weighted loss; then on classes 0 and 9 "
      + "together, where weights must matter.",
    variant: "running batch-norm statistics, initial parameters"
  ) { context in
    var evidence = Evidence()
    let data = try LongTailedData.fixture()
    let network = Network.resNet(depth: 8, width: 4, classes: data.train.classes)
    let parameters: ParameterVector<Double> = network.initialParameters(seed: context.seed)
    let statistics: ParameterVector<Double> = network.initialStatistics()
    func difference(_ positions: [Int], direction index: UInt64) throws -> Double {
      let samples: ImageSource<Double> = data.train.source(positions)
      let v = ParameterVector(
        layout: network.layout,
        flat: Gaussian.vector(Double.self, count: network.layout.count, seed: context.seed, index: index))
      func product(_ weights: [Double]?) throws -> Tensor<Double> {
        try context.subject.hessianProduct(
          classWeights: weights, network: network, parameters: parameters, statistics: statistics,
          direction: v,
          samples: samples)
      }
      let plain = try product(nil)
      return (try product(data.effectiveNumberWeights) - plain).norm() / plain.norm()
    }
    // The shares w/Σw and 1/n differ by a few roundings, and so do all numbers that a pass computes from them. The
    // longest path through ResNet-8 has about 2000 operations, forward, backward and along the direction.
    let rounding = 2000 * Double.ulpOfOne
    for label in [0, 4, 9] {
      let positions = Array(data.train.positions(ofClass: label).prefix(10))
      for direction: UInt64 in 0..<2 {
        evidence.atMost(
          "‖H_w v − H v‖/‖H v‖, class \(label), direction \(direction)",
          try difference(positions, direction: 9000 + direction), rounding,
          because: "2000·ε, rounding along a pass",
          .rounded)
      }
    }
    let mixed = [0, 9].flatMap { data.train.positions(ofClass: $0).prefix(5) }
    evidence.atLeast(
      "‖H_w v − H v‖/‖H v‖, classes 0 and 9 together", try difference(mixed, direction: 9000), 1e-3,
      because: "the control: weights in the ratio 20 must move a product of two classes")
    return evidence.verdict(
      ifAllHold: .supported,
      summary: "the products agree to rounding on each class and differ on two classes together")
  }
}
