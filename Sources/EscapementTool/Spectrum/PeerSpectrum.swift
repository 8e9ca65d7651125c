import EscapementArtifacts
import EscapementCurvature
import EscapementLongTail
import EscapementNetworks

extension SpectrumSubject {
  /// The papers' released procedure over the images at `positions`; `redraws` crops and flips them again at each
  /// product. `twoPasses` adds what this package's Lanczos gives on the same products' draws, which separates the effect
  /// of drawing from that of the arithmetic.
  func measureAsReleased(
    _ name: String, _ positions: [Int], steps: Int, seed: UInt64, probe: UInt64, redraws: Bool,
    twoPasses: Bool
  ) throws -> JSON {
    let meter = ProgressMeter()
    defer { meter.clear() }
    let fixed = hessian(of: Float.self, positions)
    let label = "\(name), released procedure\(redraws ? ", re-drawn" : "")"
    let products = steps * (twoPasses ? 2 : 1) + OperatorChecks.products
    let count = ProductCount(label: label, total: products, meter: meter)
    // Both processes begin with draw 0.
    func observedOperator() -> some SymmetricOperator<Float> {
      let map = RedrawnOperator(dimension: fixed.dimension) { product in
        redraws
          ? hessian(
            of: Float.self, positions, transform: .augmented(seed: seed, epoch: product), memoryBudget: 0)
          : fixed
      }
      return ObservedOperator(map, onProduct: count.next)
    }
    let observed = observedOperator()
    let krylov = try ReleasedLanczos(steps: steps, seed: seed, probe: probe).decompose(observed)
    let checks = try OperatorChecks(observed, seed: seed, probe: probe)
    let rule = try GaussQuadrature(krylov.tridiagonal)
    var record = identity(
      mode: .pyhessian, name, samples: positions.count, steps: steps, seed: seed, probe: probe,
      redraws: redraws)
    record.merge([
      "method": .string(run.recipe.method), "checkpoint_step": .integer(run.step),
      "epoch": .integer(run.state.epoch), "dtype": "F32", "dimension": .integer(fixed.dimension),
      "steps": .integer(krylov.steps), "alpha": Self.numbers(krylov.alpha), "beta": Self.numbers(krylov.beta),
      "ritz_values": Self.numbers(rule.nodes), "weights": Self.numbers(rule.weights),
      "smallest": .number(rule.nodes[0]), "largest": .number(rule.nodes[rule.nodes.count - 1]),
      "drift": .number(checks.drift), "orthogonality_loss": .number(krylov.orthogonalityLoss),
      "products": .integer(krylov.steps + OperatorChecks.products),
    ]) { $1 }
    if twoPasses {
      let own = try Lanczos(steps: steps, seed: seed, probe: probe).decompose(observedOperator())
      let ritz = try GaussQuadrature(own.tridiagonal).nodes
      record["two_passes"] = [
        "alpha": Self.numbers(own.alpha), "beta": Self.numbers(own.beta),
        "smallest": .number(ritz[0]), "largest": .number(ritz[ritz.count - 1]),
        "orthogonality_loss": .number(own.orthogonalityLoss),
      ]
    }
    return .object(record)
  }
}
