import EscapementKernels
import EscapementDrawing
import EscapementOptimizers
import EscapementTraining

/// The factor (1 + ρλ)² of the second moment of a gradient's component, as a function of ρ and λ, with the lines where
/// it is 0 and 1.
///
/// It is 1 at λ = 0 and at ρλ = −2, and 0 at ρλ = −1: negative curvature is amplified only beyond ρ|λ| = 2. With the
/// normalized ascent the effective radius is ρ/‖g‖ (see claims T3, T4 and T8).
package enum AmplificationFigure {
  /// A measured pair of radius and eigenvalue.
  package struct Point: Hashable, Sendable {
    /// The radius ρ.
    package let radius: Double
    /// The eigenvalue λ.
    package let eigenvalue: Double
    /// The name of its series, for the legend.
    package let series: String

    /// A pair with the name of its series.
    package init(radius: Double, eigenvalue: Double, series: String) {
      self.radius = radius
      self.eigenvalue = eigenvalue
      self.series = series
    }
  }

  /// Bands of ρλ within which the factor varies by about a factor of four, with their colors.
  private static let bands: [(from: Double, to: Double, fill: String)] = [
    (-.infinity, -11, "#b35806"), (-11, -5, "#e08214"), (-5, -3, "#fdb863"), (-3, -2, "#fee0b6"),
    (-2, -1.5, "#d8e6f3"), (-1.5, -0.5, "#9dc3e2"), (-0.5, 0, "#d8e6f3"), (0, 1, "#fee0b6"),
    (1, 3, "#fdb863"), (3, 9, "#e08214"), (9, .infinity, "#b35806"),
  ]
  private static let keys: [(fill: String, text: String)] = [
    ("#9dc3e2", "below ¼"), ("#d8e6f3", "¼ to 1"), ("#fee0b6", "1 to 4"), ("#fdb863", "4 to 16"),
    ("#e08214", "16 to 100"), ("#b35806", "above 100"),
  ]

  /// (1 + ρλ/‖g‖)², with ‖g‖ = 1 for the ascent that is not normalized.
  package static func factor(radius: Double, eigenvalue: Double, gradientNorm: Double = 1) -> Double {
    let growth = 1 + radius / gradientNorm * eigenvalue
    return growth * growth
  }

  /// Draws the plane for positive radii and eigenvalues −`reach`…`reach`, both logarithmic, λ linear within ±`linear`.
  ///
  /// `gradientNorm` draws the normalized form; `width` is in pixels. Throws `HyperparameterError` for a number that is not positive and
  /// finite.
  package static func draw(
    radii: ClosedRange<Double>, reach: Double, linear: Double, gradientNorm: Double? = nil,
    points: [Point] = [], title: String, width: Double = 720
  ) throws -> Figure {
    for (name, value) in [
      ("radius", radii.lowerBound), ("reach of λ", reach), ("linear part of λ", linear),
      ("gradient norm", gradientNorm ?? 1),
    ] {
      guard value > 0, value >= 1e-100, value <= 1e100 else {
        throw HyperparameterError(name: name, value: "\(value)", expected: "a number from 1e-100 to 1e100")
      }
    }
    guard radii.lowerBound < radii.upperBound, radii.upperBound <= 1e100 else {
      throw HyperparameterError(
        name: "radii", value: "\(radii)", expected: "a range from a smaller to a larger one")
    }
    let norm = gradientNorm ?? 1
    let frame = Frame(
      width: width, height: 470, x: radii, y: -reach...reach, scaleX: .logarithmic,
      scaleY: .symmetricLogarithmic(linear),
      margin: Frame.Margin(left: 74, right: 18, top: width < 600 ? 54 : 34, bottom: 44))
    var panel = Panel("", serial: 0, frame: frame)
    let steps = 48
    let ratio = ownLog(radii.upperBound / radii.lowerBound)
    let across = (0...steps).map { step -> Double in
      if step == 0 { return radii.lowerBound }
      if step == steps { return radii.upperBound }
      return radii.lowerBound * exponential(ratio * Double(step) / Double(steps))
    }
    /// The λ at which ρλ/‖g‖ is `product`, clamped to the plane.
    func height(_ product: Double, _ radius: Double) -> Double {
      min(max(product * norm / radius, -reach), reach)
    }
    for band in bands {
      panel.region(
        across.map { ($0, height(band.from, $0)) }, across.map { ($0, height(band.to, $0)) }, fill: band.fill)
    }
    panel.axes(
      labelX: gradientNorm == nil ? "radius ρ" : "radius ρ of the normalized ascent",
      labelY: "eigenvalue λ", grid: false)
    let product = gradientNorm == nil ? "ρ|λ|" : "ρ|λ|/‖g‖"
    for (value, factor, index) in [(-2.0, "1", 4), (-1, "0", 0), (0, "1", 4)] {
      let inside = across.map { ($0, value * norm / $0) }.filter { $0.1.magnitude <= reach }
      guard inside.count > 1 else { continue }
      var style = SeriesStyle(index)
      if factor == "1" { style = SeriesStyle(solid: style.color) }
      let text =
        value == 0 ? "factor 1 (λ = 0)" : "factor \(factor) (\(product) = \(NumberText.short(-value)))"
      panel.curve(inside, series: text, style: style)
      // Place the label beside the line: for the zero above it on the left, for the other line below it on the right.
      let place = inside[value == 0 ? inside.count / 12 : inside.count * 2 / 5]
      panel.words(
        text, place.0, place.1, dx: value == -1 ? -12 : 12, dy: value == -2 ? 12 : -7,
        anchor: value == -1 ? "end" : "start")
    }
    var names: [String] = []
    for point in points where !names.contains(point.series) { names.append(point.series) }
    for point in points where radii.contains(point.radius) && point.eigenvalue.magnitude <= reach {
      panel.point(
        point.radius, point.eigenvalue, series: point.series,
        style: pointStyle(names.firstIndex(of: point.series) ?? 0), radius: 4)
    }
    panel.key(keys)
    let outside = points.filter { !radii.contains($0.radius) || $0.eigenvalue.magnitude > reach }.count
    var notes = [
      "The second moment of a gradient's component along an eigenvector of λ is multiplied by "
        + (gradientNorm.map { "(1 + ρλ/‖g‖)², here with ‖g‖ = \(NumberText.short($0))." } ?? "(1 + ρλ)².")
        + " Blue: attenuated; orange: amplified. Below the line of factor 0 the component points the other way.",
      "The axis of λ is linear within ±\(NumberText.short(linear)) and logarithmic beyond.",
    ]
    if outside > 0 { notes.append("\(outside) measured points lie outside the plane.") }
    return Figure(
      title: title, panels: [(panel, 0, 0)], width: width, height: 470,
      legend: names.enumerated().map {
        Figure.LegendEntry(style: pointStyle($0.offset), text: $0.element, isLine: false)
      }, notes: notes)
  }

  private static func pointStyle(_ index: Int) -> SeriesStyle {
    var style = SeriesStyle(index)
    style.isHollow = true
    return style
  }
}
