import EscapementArtifacts
import EscapementDrawing
import Foundation

/// A comparison of this package's and the released spectrum of the same images, with the cause of the difference.
struct SpectrumComparison {
  /// Lanczos with certificates on fixed images.
  let exact: JSON
  /// The released arithmetic on the same images.
  let released: JSON
  /// The released arithmetic with new crops and flips at each product, and this package's on the same draws.
  let redrawn: JSON

  static func text(_ comparisons: [SpectrumComparison], in layout: TextLayout) -> String {
    var table = TextTable(
      heading: [
        "data", "images", "λ_min", "λ_min ≥ *", "λ_max", "re-drawn λ_min", "re-drawn λ_max", "released λ_min",
        "released λ_max", "released, re-drawn λ_min", "released, re-drawn λ_max", "drift",
      ], rightAligned: Set(1...11))
    for c in comparisons {
      let valid = c.exact["valid"]?.bool == true
      func ours(_ value: JSON?) -> String { valid ? SpectrumTables.number(value) : "invalid" }
      table.rows.append([
        SpectrumTables.text(c.exact["data"]), SpectrumTables.text(c.exact["samples"]),
        ours(c.exact["smallest"]?["rayleigh"]), ours(c.exact["smallest_lower_limit"]),
        ours(c.exact["largest"]?["rayleigh"]),
        SpectrumTables.number(c.redrawn["two_passes"]?["smallest"]),
        SpectrumTables.number(c.redrawn["two_passes"]?["largest"]),
        SpectrumTables.number(c.released["smallest"]), SpectrumTables.number(c.released["largest"]),
        SpectrumTables.number(c.redrawn["smallest"]),
        SpectrumTables.number(c.redrawn["largest"]), SpectrumTables.number(c.redrawn["drift"]),
      ])
    }
    let failure = comparisons.compactMap { $0.exact["failure_probability"]?.double }.max() ?? 0
    let lines = comparisons.map { "\(SpectrumTables.text($0.exact["data"])): \($0.explanation)" }
    return """
      \(table.text(in: layout))
      * but for a probability of \(failure) over the start vector
      \(layout.wrapped(lines.joined(separator: "\n")))
      """
  }

  /// One or two sentences about the contributions of the arithmetic and of the random crops to the difference.
  var explanation: String {
    guard exact["valid"]?.bool == true, let certificate = exact["smallest"],
      let ours = certificate["rayleigh"]?.double, let residual = certificate["residual"]?.double,
      let rounding = certificate["rounding"]?.double, let top = exact["largest"]?["rayleigh"]?.double,
      let dimension = exact["dimension"]?.integer, let arithmetic = released["smallest"]?.double,
      let drawn = redrawn["two_passes"]?["smallest"]?.double, let asReleased = redrawn["smallest"]?.double,
      let drift = redrawn["drift"]?.double
    else { return "the spectrum on fixed images is invalid, so there is nothing to compare with" }
    let byArithmetic = arithmetic - ours
    // This package's value is certified in Double. The released value is of products in Float, whose error is about
    // √n·ε·‖H‖.
    let allowed =
      residual + rounding
      + Double(dimension).squareRoot() * Double(Float.ulpOfOne) * max(ours.magnitude, top.magnitude)
    var sentences: [String] = []
    if byArithmetic.magnitude <= allowed {
      sentences.append(
        "the released arithmetic gives the same λ_min on the same images, within the "
          + "\(SpectrumTables.number(allowed)) of residual and rounding")
    } else {
      sentences.append(
        "the released arithmetic moves λ_min by \(SpectrumTables.number(byArithmetic)) on the same images, more than the "
          + "\(SpectrumTables.number(allowed)) of residual and rounding (its basis lost "
          + "\(SpectrumTables.number(released["orthogonality_loss"])) of its orthogonality)")
    }
    if drift == 0 {
      sentences.append("drawing again changes nothing: these images are not augmented")
    } else {
      sentences.append(
        "drawing again at each product moves it to \(SpectrumTables.number(drawn)) in this package's arithmetic and to "
          + "\(SpectrumTables.number(asReleased)) in the released one (whose basis lost "
          + "\(SpectrumTables.number(redrawn["orthogonality_loss"])) of its orthogonality), as two products with one vector "
          + "differ by \(SpectrumTables.number(drift)) of their length: statements about no one matrix"
      )
    }
    return sentences.joined(separator: "; ")
  }
}
