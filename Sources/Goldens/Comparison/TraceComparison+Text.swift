import EscapementDrawing
import EscapementArtifacts

extension TraceComparison {
  /// The columns of `seriesRows`.
  package static let seriesHeading = [
    "step", "loss A", "loss B", "gradient norm A", "gradient norm B", "accuracy A", "accuracy B", "",
  ]

  /// Loss, gradient norm and accuracy of both traces from `radius` places before the first divergence to as many after
  /// it; the last places if there is none. The last cell marks the first divergent step.
  package func seriesRows(radius: Int = 3) -> [[String]] {
    let kind = firstDivergentStep?.kind ?? (places.contains { $0.kind == .step } ? .step : .epoch)
    let own = places.filter { $0.kind == kind }
    let center = firstDivergentStep.flatMap { own.firstIndex(of: $0) } ?? own.count - 1
    let (lefts, rights) = (Self.table(left), Self.table(right))
    return own.indices.filter { abs($0 - center) <= radius }.map { index in
      let (a, b) = (lefts[own[index]]!, rights[own[index]]!)
      func pair(_ quantity: TraceQuantity) -> [String] {
        [a, b].map { $0.values[quantity]?.text ?? "-" }
      }
      return [kind == .step ? "\(own[index].step)" : "\(own[index].step), epoch"] + pair(.loss)
        + pair(.gradientNorm) + [a.accuracyText, b.accuracyText]
        + [own[index] == firstDivergentStep ? "<- parts" : ""]
    }
  }

  /// The comparison in words: where the traces diverge, how precisely the records locate it, the ladder and the series.
  package func lines(in layout: TextLayout) -> [String] {
    var lines: [String] = []
    for (name, trace) in [("A", left), ("B", right)] {
      lines.append(
        "\(name): \(trace.lastStep) steps on record" + (trace.ending.map { ", \($0)" } ?? ""))
    }
    lines.append(layout.wrapped(summary))
    lines += sharpness.map { [layout.wrapped($0)] } ?? []
    lines.append("")
    lines.append(
      TextTable(rows: ladder.map { ["  \($0.rung.rawValue)", $0.word, $0.detail] }, outcomes: [1]).text(
        in: layout))
    if firstDivergentStep != nil {
      lines.append("")
      lines.append(
        TextTable(heading: Self.seriesHeading, rows: seriesRows(), rightAligned: Set(0...6)).text(in: layout))
    }
    return lines
  }

  /// One line: the first divergent step, the rung that differs first and the first tensor.
  package var summary: String {
    guard let first, let difference = first.difference else {
      return places.isEmpty
        ? "no step is on both records"
        : "everything on both records agrees, up to step \(lastAgreeingStep)"
    }
    let step =
      firstDivergentStep.map { "first divergent step: \($0.step)" } ?? "no step on both records differs"
    let tensor = firstTensor.map { "; first tensor: \($0.name) (\($0.place.text))" } ?? ""
    return "\(step); first to differ: \(first.rung.rawValue), \(difference.text)\(tensor)"
  }

  /// What the records cannot decide: the steps between the last agreement and the first difference, if nothing differs
  /// before the first step.
  package var sharpness: String? {
    guard let first = firstDivergentStep, first.step > lastAgreeingStep + 1,
      self.first?.difference?.place.step != 0
    else { return nil }
    return """
      the steps \(lastAgreeingStep + 1) to \(first.step - 1) are not on both records: the runs part there or in step \
      \(first.step), and a lower rung may have been the first (--metrics-every 1 --digest-every 1 tells)
      """
  }

  /// The comparison as JSON.
  package var json: JSON {
    [
      "agrees": .bool(agrees),
      "last_step": .array([.integer(left.lastStep), .integer(right.lastStep)]),
      "first_divergent_step": firstDivergentStep.map { .integer($0.step) } ?? .null,
      "last_agreeing_step": .integer(lastAgreeingStep),
      "first_rung": first.map { .string($0.rung.rawValue) } ?? .null,
      "first_tensor": firstTensor.map { .string($0.name) } ?? .null,
      "ladder": .array(
        ladder.map {
          ["rung": .string($0.rung.rawValue), "outcome": .string($0.word), "detail": .string($0.detail)]
        }),
      "series": .array(
        seriesRows().map { row in
          .object(
            Dictionary(
              uniqueKeysWithValues: zip(Self.seriesHeading, row).dropLast().map { ($0, .string($1)) }))
        }),
    ]
  }

  private static func table(_ trace: Trace) -> [TracePlace: TracePoint] {
    Dictionary(trace.points.map { ($0.place, $0) }) { $1 }
  }
}
