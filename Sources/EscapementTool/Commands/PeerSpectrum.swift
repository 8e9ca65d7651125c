import Artifacts
import Curvature
import Foundation
import LongTail
import Networks

/// The spectrum by the papers' released procedure, for one selection of pictures.
struct PeerSpectrum {
  let name: String
  let samples: Int
  /// Whether crops and flips are drawn anew at every product, as the released script does.
  let redraws: Bool
  let rule: GaussQuadrature
  let orthogonalityLoss: Double
  /// ‖H₁v − H₂v‖/‖H₁v‖: 0 for one matrix.
  let drift: Double

  var smallest: Double { rule.nodes[0] }
  var largest: Double { rule.nodes[rule.nodes.count - 1] }

  static func text(of results: [PeerSpectrum], lossName: String) -> String {
    var table = TextTable(
      heading: ["data", "pictures", "λ_min", "λ_max", "λ_min/λ_max", "drift", "orthogonality", "one matrix"],
      rightAligned: Set(1...7))
    table.rows = results.map {
      [
        $0.name, String($0.samples), number($0.smallest), number($0.largest),
        number($0.smallest / $0.largest), number($0.drift), number($0.orthogonalityLoss),
        $0.drift == 0 ? "yes" : "no",
      ]
    }
    let redraws = results.contains { $0.redraws }
    return """
      loss: \(lossName); the released procedure: one pass, β before it, +10⁻⁶, no bounds; \
      pictures \(redraws ? "cropped and flipped anew at each product" : "as they are")
      \(table.text)
      Documentation/Spectra.md says what this procedure does to operators whose spectrum is known.
      """
  }

  func json(lossName: String, step: Int) -> JSON {
    [
      "mode": "pyhessian", "data": .string(name), "samples": .integer(samples),
      "checkpoint_step": .integer(step), "loss": .string(lossName), "redraws": .bool(redraws),
      "ritz_values": .array(rule.nodes.map { .number($0) }),
      "weights": .array(rule.weights.map { .number($0) }), "smallest": .number(smallest),
      "largest": .number(largest), "drift": .number(drift), "orthogonality_loss": .number(orthogonalityLoss),
    ]
  }

  private static func number(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return "\(value)" }
    return String(format: "%.5g", value)
  }
}

extension SpectrumSubject {
  /// The released procedure over the pictures at `positions`; `redraws` crops and flips them anew at each product.
  func measureAsReleased(
    _ name: String, _ positions: [Int], steps: Int, seed: UInt64, probe: UInt64, redraws: Bool
  ) throws -> PeerSpectrum {
    let meter = ProgressMeter()
    defer { meter.clear() }
    func hessian(_ transform: PictureTransform) -> HessianOperator<Float> {
      HessianOperator(
        objective: Objective(network: network, loss: loss), parameters: state.parameters,
        statistics: state.statistics, samples: set.source(positions, of: Float.self, transform: transform),
        normalization: normalization, memoryBudget: redraws ? 0 : 1 << 30)
    }
    let fixed = hessian(transform)
    let map = RedrawnOperator(dimension: fixed.dimension) { product in
      redraws ? hessian(.cropAndFlip(seed: seed, epoch: product)) : fixed
    }
    let krylov = try PeerLanczos(steps: steps, seed: seed, probe: probe).decompose(map) { progress in
      meter.show(name, done: progress.step, total: progress.steps)
      if Interruption.isRequested {
        throw ToolError.interrupted("interrupted; a spectrum keeps nothing: run the command again")
      }
    }
    let checks = try OperatorChecks(map, seed: seed, probe: probe)
    return PeerSpectrum(
      name: name, samples: positions.count, redraws: redraws,
      rule: try GaussQuadrature(krylov.tridiagonal), orthogonalityLoss: krylov.orthogonalityLoss,
      drift: checks.drift)
  }
}
