import EscapementDrawing
import EscapementOptimizers

// H11: the one gain of the supplement whose text states neither the quantity nor the data.

extension Claim {
  /// H11: the gain of 12.7 %.
  static let unspecifiedGain = Claim(
    id: "H11", kind: .consistency, source: .supplement("§D"),
    quote: "explains why SAM improves the performance of LDAM by 12.7%",
    statement: "A printed pair of LDAM without and with SAM shows the gain of 12.7 %.",
    tier: .exact,
    leaf: .printed, weight: .remark,
    nulls: .none(
      because: "it is undetermined as it stands: there is no verdict that a null could take from it"),
    refutedBy:
      "No difference, relative difference or reduction of error that rounding allows to be 12.7, in any pair, once every "
      + "number of the LDAM rows can be read.",
    procedure:
      "All differences of readable numbers of LDAM rows in all printed tables, in points, in percent of the number without "
      + "SAM and in percent of its error, each with the interval that rounding to a tenth leaves. Supported if a difference "
      + "in points, the unit of every other gain of the text, can be 12.7. Undetermined if another measure can, or while "
      + "a number cannot be read: the text names neither quantity nor data set.",
    variant: "the printed numbers; rows that cannot be read are left out", procedureVersion: 2
  ) { context in
    var evidence = Evidence()
    let stated = context.table("supplement-text").row("unspecified", "LDAM")[.gain] ?? .nan
    let quantities = [PublishedQuantity.accuracy, .head, .mid, .tail]
    let rows = context.tables.flatMap(\.rows).filter { $0.method.hasPrefix("LDAM") }
    let unreadable = rows.flatMap(\.cells).count { $0.mean == nil }
    var nearest: [GainMeasure: Double] = [:]
    var matches: [(measure: GainMeasure, text: String)] = []
    var compared = 0
    for pair in context.tables.flatMap(\.pairs) where pair.base.method.hasPrefix("LDAM") {
      for quantity in quantities {
        guard let before = pair.base[quantity], let after = pair.sam[quantity] else { continue }
        for measure in GainMeasure.allCases {
          compared += 1
          let value = measure.value(before, after)
          let best = nearest[measure] ?? .infinity
          if (value - stated).magnitude < (best - stated).magnitude { nearest[measure] = value }
          let (lower, upper) = measure.interval(before, after)
          let room = 0.05 + PrintedDifference.rounding
          guard lower <= stated + room, upper >= stated - room else { continue }
          let name = "\(measure.rawValue) in \(quantity.rawValue), \(pair.name)"
          for (end, number) in [("smallest", lower), ("largest", upper)] {
            evidence.observe("\(end) \(name)", number, unit: measure.unit, because: "0.05 on either number")
          }
          matches.append(
            (
              measure,
              "\(name): \(NumberText.rounded(value)) \(measure.unit), \(NumberText.rounded(lower)) to "
                + "\(NumberText.rounded(upper)) with rounding"
            ))
        }
      }
    }
    evidence.observe(
      "differences compared", Double(compared), because: "every readable number in three measures")
    for measure in GainMeasure.allCases {
      evidence.observe(
        "nearest \(measure.rawValue)", nearest[measure] ?? .nan, unit: measure.unit, because: "as printed")
    }
    evidence.atLeast(
      "unreadable numbers of LDAM rows, and readable differences that can be 12.7",
      Double(unreadable + matches.count), 1,
      because: "without any of either nothing is left that could show it")
    let points = matches.contains { $0.measure == .points }
    let texts = matches.map(\.text).joined(separator: "; ")
    return evidence.verdict(
      ifAllHold: points
        ? .supported
        : .undetermined(
          "the text does not say of which number and data set, \(unreadable) numbers of LDAM rows cannot be read, and no "
            + "readable difference in points is 12.7"),
      summary: matches.isEmpty ? "no readable difference can be 12.7" : "what can be 12.7: \(texts)",
      refutation: "no printed pair shows it; the nearest difference is "
        + "\(NumberText.rounded(nearest[.points] ?? .nan)) points")
  }
}
