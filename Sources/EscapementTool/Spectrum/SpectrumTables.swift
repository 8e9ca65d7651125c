import EscapementArtifacts
import EscapementDrawing
import EscapementCurvature
import Foundation

/// Measurements as readable tables.
enum SpectrumTables {
  /// Spectra of one kind with their self-checks; a failed check replaces the numbers.
  static func exact(_ records: [JSON], in layout: TextLayout) -> String {
    var table = TextTable(
      heading: [
        "data", "images", "probe", "steps", "λ_min", "residual of λ_min", "λ_min ≥ *", "λ_max",
        "residual of λ_max", "λ_min/λ_max", "self-checks",
      ], rightAligned: Set(1...9), outcomes: [10])
    for r in records {
      let begin = [text(r["data"]), text(r["samples"]), text(r["probe"]), text(r["steps"])]
      guard r["valid"]?.bool == true else {
        table.rows.append(begin + Array(repeating: "–", count: 6) + ["INVALID: \(failures(of: r))"])
        continue
      }
      let (low, high) = (r["smallest"], r["largest"])
      table.rows.append(
        begin + [
          number(low?["rayleigh"]), number(low?["residual"]),
          r["smallest_lower_limit"].flatMap(\.double).map { number($0) } ?? "no bound",
          number(high?["rayleigh"]), number(high?["residual"]),
          ratio(low?["rayleigh"], high?["rayleigh"], rounding: high?["rounding"]?.double ?? 0),
          "\(r["checks"]?.array?.count ?? 0) hold",
        ])
    }
    let failure = records.compactMap { $0["failure_probability"]?.double }.max() ?? 0
    return table.text(in: layout) + "\n* but for a probability of \(failure) over the start vector"
  }

  /// The measured deviations of a spectrum with their bounds.
  static func checks(_ records: [JSON], in layout: TextLayout) -> String {
    var table = TextTable(
      heading: ["data", "probe", "self-check", "deviation", "bound", "outcome"], rightAligned: [1, 3, 4],
      outcomes: [5], keys: 3)
    for r in records {
      for check in r["checks"]?.array ?? [] {
        table.rows.append([
          text(r["data"]), text(r["probe"]), text(check["property"]), number(check["measured"]),
          number(check["bound"]), check["passes"]?.bool == true ? "holds" : "FAILS",
        ])
      }
    }
    return table.text(in: layout)
  }

  private static func failures(of record: JSON) -> String {
    (record["checks"]?.array ?? []).filter { $0["passes"]?.bool != true }.map {
      "\(text($0["property"])) \(number($0["measured"])) > \(number($0["bound"]))"
    }.joined(separator: ", ")
  }

  /// The released procedure's results.
  static func released(_ records: [JSON], in layout: TextLayout) -> String {
    var table = TextTable(
      heading: [
        "data", "images", "probe", "λ_min", "λ_max", "λ_min/λ_max", "drift", "orthogonality", "one matrix",
      ], rightAligned: Set(1...7))
    table.rows = records.map { r in
      [
        text(r["data"]), text(r["samples"]), text(r["probe"]), number(r["smallest"]), number(r["largest"]),
        ratio(r["smallest"], r["largest"]), number(r["drift"]), number(r["orthogonality_loss"]),
        r["drift"]?.double == 0 ? "yes" : "no",
      ]
    }
    return table.text(in: layout) + "\n"
      + layout.wrapped(
        """
        the released procedure: one pass, β before it, +10⁻⁶, no bounds; Documentation/Spectra.md says what it does to \
        operators whose spectrum is known
        """, hanging: 0)
  }

  /// The certified Ritz pairs of both ends, the outermost first; empty where only one at each end was measured.
  static func pairs(_ records: [JSON], in layout: TextLayout) -> String? {
    var table = TextTable(
      heading: ["data", "number", "λ from below", "residual", "λ from above", "residual"],
      rightAligned: Set(1...5), keys: 2)
    for r in records {
      let (low, high) = (r["pairs"]?["smallest"]?.array ?? [], r["pairs"]?["largest"]?.array ?? [])
      for (index, pair) in zip(low, high).enumerated() {
        table.rows.append([
          text(r["data"]), String(index + 1), number(pair.0["rayleigh"]), number(pair.0["residual"]),
          number(pair.1["rayleigh"]), number(pair.1["residual"]),
        ])
      }
    }
    return table.rows.isEmpty ? nil : table.text(in: layout)
  }

  /// The second opinions; empty without one.
  static func secondOpinions(_ records: [JSON], in layout: TextLayout) -> String? {
    var table = TextTable(
      heading: [
        "data", "λ_min, Lanczos", "λ_min, LOBPCG", "residual", "difference", "residuals and rounding",
        "products",
        "outcome",
      ], rightAligned: Set(1...6), outcomes: [7])
    for r in records {
      guard let other = r["second_opinion"], other != .null else { continue }
      let verdict = other["agrees"]?.bool == true ? "agree" : "DIFFER"
      let end = other["converged"]?.bool == true ? "" : ", not converged"
      table.rows.append([
        text(r["data"]), number(r["smallest"]?["rayleigh"]), number(other["smallest"]),
        number(other["residual"]),
        number(other["difference"]), number(other["allowed"]), text(other["products"]), verdict + end,
      ])
    }
    return table.rows.isEmpty ? nil : table.text(in: layout)
  }

  /// The saddle tests; empty without one.
  static func saddles(_ records: [JSON], in layout: TextLayout) -> String? {
    var table = TextTable(
      heading: ["data", "loss", "‖∇f‖", "λ", "λ‖w‖²", "saddle for L₂ <", "L₂ ≥ along v", "saddle"]
        + SaddleTest.distances.map { "finite, t = \($0)" } + ["vᵀGv", "vᵀRv", "share", "of ∇F", "vᵀH_F v"],
      rightAligned: Set(1...16))
    for r in records {
      guard let test = r["saddle"], test != .null, let part = r["in_all"], let split = r["split"] else {
        continue
      }
      var row = [
        text(r["data"]), number(test["loss"]), number(test["gradient_norm"]), number(test["curvature"]),
        number(test["scale_invariant_curvature"]), number(test["largest_lipschitz_constant"]),
        number(test["measured_lipschitz_constant"]), test["is_saddle"]?.bool == true ? "yes" : "no",
      ]
      row += (test["excursions"]?.array ?? []).map { number($0["finite_curvature"]) }
      row += [
        number(split["gauss_newton"]), number(split["remainder"]), number(part["share"]),
        number(part["gradient_share"]), number(part["curvature_of_whole"]),
      ]
      table.rows.append(row)
    }
    return table.rows.isEmpty ? nil : table.text(in: layout)
  }

  static func text(_ value: JSON?) -> String {
    switch value {
    case .string(let text): text
    case .integer(let integer): String(integer)
    default: "–"
    }
  }

  /// "–" if the denominator cannot be told from zero: an operator that is zero has no ratio.
  private static func ratio(_ a: JSON?, _ b: JSON?, rounding: Double = 0) -> String {
    guard let a = a?.double, let b = b?.double, b.magnitude > rounding else { return "–" }
    return number(a / b)
  }

  static func number(_ value: JSON?) -> String { value?.double.map { number($0) } ?? "–" }

  /// Five significant digits, in scientific notation outside 1e-4…1e5.
  static func number(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return "\(value)" }
    return String(format: "%.5g", value)
  }
}
