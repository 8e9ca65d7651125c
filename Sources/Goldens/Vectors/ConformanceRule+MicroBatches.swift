import EscapementArtifacts
import EscapementOptimizers
import EscapementTraining

// Rules on batches that come in micro-batches.
extension ConformanceRule {
  /// Samples in a micro-batch: three of a batch of 12, and one of 4 and one of 3 of the batch of 7.
  private static let microBatch = 4
  private static let microBatches = 3

  private static let division =
    "micro-batch m: samples [m*micro_batch, (m+1)*micro_batch) of the batch, k of them, the last perhaps smaller; g_m is "
    + "the gradient of its own mean loss, under its own batch statistics"

  /// The same rule with the gradient of a whole batch accumulated over its micro-batches.
  package func accumulating(_ name: String) -> ConformanceRule {
    ConformanceRule(
      name: name, fields: fields.merging(["micro_batch": .integer(Self.microBatch)]) { $1 },
      definition: [
        Self.division, "g(w) = sum over m of g_m(w) / k, and losses likewise; it counts as one evaluation",
      ] + definition, shardSize: Self.microBatch, accumulation: Self.microBatches, make: make)
  }

  /// SAM with an ascent for each micro-batch.
  package static func microBatchSAM(_ name: String, rho: RhoSchedule) -> ConformanceRule {
    ConformanceRule(
      name: name,
      fields: ["rule": "m-sam", "rho": rho.json, "micro_batch": .integer(microBatch)],
      definition: [
        division, "e_m = rho * g_m(w) / (|g_m(w)| + 1e-12); d = sum over m of g_m(w + e_m) / k",
        "running statistics observe g_m(w), then g_m(w + e_m), micro-batch by micro-batch", descent,
        "loss and gradient_norm are of the means at w; perturbation_norm is the root mean square of |e_m|",
      ], shardSize: microBatch
    ) { try MicroBatchSAM(base: $0, rho: rho, count: microBatches) }
  }
}
