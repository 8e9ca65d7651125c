import EscapementDrawing
import EscapementGoldens
import EscapementArtifacts

/// The result of an audit of a run.
package struct AuditReport: Sendable, Hashable {
  /// The outcome of the audit.
  package enum Outcome: Sendable, Hashable {
    /// Everything that was recomputed agrees with the record.
    case reproduced
    /// Something differs from the record.
    case differs(AuditDifference)
    /// The run cannot be checked, for the given reason.
    case notCheckable(String)
  }

  /// The outcome of the audit.
  package internal(set) var outcome: Outcome
  /// The largest number of epochs recomputed from the seed on.
  package let epochs: Int
  /// The segments drawn, as the 0-based epochs of each.
  package internal(set) var segments: [Range<Int>] = []
  /// The number of segments of the run; 0 if it kept no checkpoints.
  package let segmentCount: Int
  /// The number of recomputed steps, each counted once.
  package internal(set) var steps = 0
  /// The number of steps of the recorded epochs.
  package let allSteps: Int
  /// The number of links of the digest chain that agree with the record.
  package internal(set) var links = 0
  /// The number of recorded links.
  package let allLinks: Int
  /// The result of the final weights on the test images, which agrees with the record; nil if the weights were not
  /// available.
  package internal(set) var weights: Weights?
  /// Further notes for the reader.
  package internal(set) var notes: [String] = []

  /// The classification of the test images by the final weights.
  package struct Weights: Sendable, Hashable {
    /// The number of correctly classified test images.
    package let correct: Int
    /// The number of test images.
    package let samples: Int
  }

  /// The shares of forged segments for which reports state a probability.
  package static let forgedShares = [0.1, 0.5]

  /// The probability of detecting a run in which this share of the segments is forged: 1 − (1 − f)^K with K segments
  /// drawn.
  ///
  /// The draw is without replacement, for which the probability is at least this large. A segment counts as forged if
  /// recomputing it from its first checkpoint does not give the recorded links.
  package func probability(ofCatching share: Double) -> Double {
    1 - segments.reduce(1.0) { missed, _ in missed * (1 - share) }
  }

  /// 0 for reproduced, 1 for differs, 2 for not checkable.
  package var exitCode: Int32 {
    switch outcome {
    case .reproduced: 0
    case .differs: 1
    case .notCheckable: 2
    }
  }

  /// The report as text, with the outcome first.
  package var lines: [String] {
    switch outcome {
    case .notCheckable(let reason): return ["not checkable: \(reason)"]
    case .differs(let difference): return [difference.text, "before it: \(covered)"] + notes
    case .reproduced: break
    }
    var lines = ["reproduced: \(covered)"]
    if epochs > 0 { lines.append("from the seed: \(epochs == 1 ? "epoch 1" : "epochs 1 to \(epochs)")") }
    if segmentCount > 0 {
      let drawn = segments.map { "\($0.lowerBound + 1) to \($0.upperBound)" }.joined(separator: ", ")
      lines.append(
        segments.isEmpty
          ? "none of its \(segmentCount) segments was drawn: --segments K --audit-seed S"
          : "\(segments.count) of \(segmentCount) segments drawn: epochs \(drawn)")
    }
    if !segments.isEmpty {
      let chances = Self.forgedShares.map {
        "\(NumberText.coarse(probability(ofCatching: $0))) with \(NumberText.short(100 * $0)) % of its segments forged"
      }
      lines.append("a run would have been caught with probability \(chances.joined(separator: ", "))")
    }
    lines.append(
      weights.map {
        "final weights: \($0.correct) of \($0.samples) test images, in each class as on record"
      } ?? "final weights: not there, so the last epoch's counts stand as they are on record")
    return lines + notes
  }

  private var covered: String {
    let share = NumberText.coarse(100 * Double(steps) / Double(max(allSteps, 1)))
    return "\(steps) of \(allSteps) steps (\(share) %), \(links) of \(allLinks) recorded links agree"
  }

  /// For machines.
  package var json: JSON {
    let name: String
    var fields: [String: JSON] = [:]
    switch outcome {
    case .reproduced: name = "reproduced"
    case .differs(let difference):
      name = "differs"
      fields["difference"] = difference.json
    case .notCheckable(let reason):
      name = "not checkable"
      fields["reason"] = .string(reason)
    }
    fields["outcome"] = .string(name)
    fields["steps"] = .integer(steps)
    fields["steps_on_record"] = .integer(allSteps)
    fields["links"] = .integer(links)
    fields["links_on_record"] = .integer(allLinks)
    fields["epochs_from_seed"] = .integer(epochs)
    let drawn = segments.map { segment -> JSON in
      ["first_epoch": .integer(segment.lowerBound), "end_epoch": .integer(segment.upperBound)]
    }
    fields["segments"] = .array(drawn)
    fields["segments_of_run"] = .integer(segmentCount)
    let caught = Self.forgedShares.map { share -> JSON in
      ["forged": .number(share), "probability": .number(probability(ofCatching: share))]
    }
    fields["caught"] = .array(caught)
    fields["weights"] = JSON.null
    if let weights {
      fields["weights"] = ["correct": .integer(weights.correct), "samples": .integer(weights.samples)]
    }
    fields["notes"] = .array(notes.map { JSON.string($0) })
    return .object(fields)
  }
}

/// The first place where a recomputed run differs from its record.
package struct AuditDifference: Sendable, Hashable {
  /// The step after which the difference is observed.
  package var step: Int
  /// The last recorded link before it that agrees; nil if there is none.
  package var lastAgreeing: Int?
  /// What differs.
  package var what: String
  /// The first tensor that differs from a checkpoint's, and the step of that checkpoint.
  package var tensor: Tensor?

  /// A tensor of a checkpoint.
  package struct Tensor: Sendable, Hashable {
    /// The number of steps taken before the checkpoint.
    package var step: Int
    /// The difference: the recomputed tensor on the left, the checkpoint's on the right.
    package var difference: TensorDifference
  }

  /// One line.
  package var text: String {
    var line = "differs at step \(step)"
    if let tensor { line += ", tensor \(tensor.difference.name)" }
    line += ": \(what)"
    if let lastAgreeing { line += "; the link of step \(lastAgreeing) agrees" }
    if let tensor { line += "; recomputed and kept after step \(tensor.step): \(tensor.difference.text)" }
    return line
  }

  /// For machines.
  package var json: JSON {
    var fields: [String: JSON] = ["step": .integer(step), "what": .string(what)]
    fields["last_agreeing_step"] = lastAgreeing.map { JSON.integer($0) } ?? JSON.null
    if let tensor {
      fields["tensor"] = tensor.difference.json
      fields["checkpoint_step"] = .integer(tensor.step)
    }
    return .object(fields)
  }
}
