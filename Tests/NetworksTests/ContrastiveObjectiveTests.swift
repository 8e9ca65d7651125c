import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import Testing

@testable import EscapementNetworks

/// PaCo's loss through both branches of a network, against PyTorch's autograd.
@Suite("Contrastive objective")
struct ContrastiveObjectiveTests {
  /// offset + ((step·i) mod modulus − modulus div 2) / scale: exact in binary, as in paco.py.
  private static func numbers(
    _ shape: Shape, step: Int, modulus: Int, scale: Double, offset: Double = 0
  ) -> Tensor<Double> {
    let elements = (0..<shape.count).map { i in
      offset + Double(step * i % modulus - modulus / 2) / scale
    }
    return Tensor(elements, shape: shape)
  }

  private static let network = Network.resNet(depth: 8, width: 2, classes: 5, classifier: .projected)

  /// Gains of batch norm around 1, all other parameters around 0.
  private static func parameters(step: Int) -> ParameterVector<Double> {
    let segments = network.layout.segments.enumerated().map { index, segment in
      let isGain = segment.role == .vector && segment.name.hasSuffix("weight")
      return numbers(
        segment.shape, step: step + 2 * index, modulus: 61, scale: 128, offset: isGain ? 1 : 0
      ).elements
    }
    return ParameterVector(layout: network.layout, flat: Tensor(segments.flatMap { $0 }))
  }

  private static func images(step: Int) -> Tensor<Double> {
    numbers([4, 8, 8, 3], step: step, modulus: 97, scale: 32)
  }

  /// The loss, then for each tensor the scalar product of its gradient with a direction, as printed by
  /// Benchmarks/peers/paco.py --network (PyTorch 2.13, double).
  private static let recorded: [Double] = [
    4.469165822789964, -1.7317605350140137, -0.45792642296541886, -0.260321064638731, 4.080935135711735,
    -0.025455063866033988, 0.0668184849267898, -0.32608325463933174, 0.3537837685226418,
    0.002212743964588086, 1.931204634673843, -0.09383650096375279, -0.04512538134403528, -1.721131504801497,
    0.06702686646723884, 0.04706715192904878, 0.6489992581129758, -0.06731024433003338, 0.14517539108856137,
    0.28936316910716564, 0.02102361967750447, -0.02990149994698028, -0.2642863871367582,
    -0.08045635527301156, -0.07105276866707555, 8.847089727481716e-17, 0.005924573282039443,
    0.09774617470215771, 0.013016439673172953, -0.18461379723889787,
  ]

  @Test("loss and gradients are PyTorch's, with constant keys and a constant queue")
  func gradient() {
    let objective = ContrastiveObjective<Double>(
      network: Self.network, loss: PaCoLoss(counts: PaCoLossTests.counts, alpha: 0.25, temperature: 0.5))
    var batch = LabeledBatch(images: Self.images(step: 41), labels: PaCoLossTests.labels)
    batch.secondView = Self.images(step: 29)
    let keys = objective.keys(at: Self.parameters(step: 23), of: batch).keys
    let queue = Self.numbers([6, 32], step: 5, modulus: 31, scale: 64)
    let (evaluation, observed) = objective.trainingStep(
      at: Self.parameters(step: 17), batch: batch,
      contrasts: Tensor(keys.elements + queue.elements, shape: [10, 32]),
      contrastLabels: PaCoLossTests.contrastLabels)
    let gradient = evaluation.gradient
    // A number goes through ten layers, and a sum in them has at most 4 · 8 · 8 terms; each rounds by eps/2, here and in
    // PyTorch.
    let share = 10 * 256 * Double.ulpOfOne
    #expect(abs(evaluation.loss - Self.recorded[0]) <= share * Self.recorded[0])
    #expect(Self.recorded.count == 1 + gradient.layout.segments.count && gradient.flat.norm() > 1)
    for (index, segment) in gradient.layout.segments.enumerated() {
      let direction = Self.numbers(segment.shape, step: 7 + 2 * index, modulus: 13, scale: 8)
      let found = (gradient[index] * direction).sum()
      let bound = share * gradient.flat.norm() * direction.norm()
      #expect(abs(found - Self.recorded[index + 1]) <= bound, "\(segment.name): \(found)")
    }
    #expect(evaluation.samples == 4 && observed.observations.count == 8)
  }
}
