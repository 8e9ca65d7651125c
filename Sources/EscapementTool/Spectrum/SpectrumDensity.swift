import EscapementStatistics
import EscapementArtifacts
import EscapementDrawing
import EscapementCurvature
import Foundation

/// The combined result of several probes of one selection: negative mass and trace.
struct SpectrumDensity {
  let name: String
  let mass: NegativeMass
  let quadratureTrace: MeanEstimate
  let hutchinson: MeanEstimate
  let sketched: MeanEstimate?

  /// Combines valid measurements of one selection, in the order of their probes; nil if none is valid.
  init?(_ records: [JSON], sketched: MeanEstimate?) throws {
    let valid = records.filter { $0["valid"]?.bool == true }
    guard let first = valid.first, let dimension = first["dimension"]?.integer else { return nil }
    name = SpectrumTables.text(first["data"])
    let rules = try valid.map { record in
      let alpha = Self.numbers(record["alpha"])
      let beta = Self.numbers(record["beta"])
      guard !alpha.isEmpty, alpha.count == beta.count else {
        throw DataError(
          file: "the spectra on file", place: "alpha",
          found: "\(alpha.count) numbers beside \(beta.count) of beta",
          expected: "as many", advice: "remove the file and measure again")
      }
      return try GaussQuadrature(SymmetricTridiagonal(diagonal: alpha, offDiagonal: Array(beta.dropLast())))
    }
    mass = NegativeMass(rules)
    quadratureTrace = MeanEstimate(rules.map { Double(dimension) * $0.moment(1) })
    hutchinson = MeanEstimate(valid.flatMap { Self.numbers($0["trace_samples"]) })
    self.sketched = sketched
  }

  private static func numbers(_ value: JSON?) -> [Double] { (value?.array ?? []).compactMap(\.double) }

  var json: JSON {
    let interval = mass.interval()
    return [
      "negative_mass": [
        "threshold": .number(mass.threshold), "mean": .number(mass.estimate.mean),
        "low_95": interval.map { .number($0.lowerBound) } ?? .null,
        "high_95": interval.map { .number($0.upperBound) } ?? .null, "probes": .integer(mass.masses.count),
        "least": .number(mass.leastMass), "greatest": .number(mass.greatestMass),
      ],
      "trace": [
        "quadrature": SpectrumSubject.json(quadratureTrace), "hutchinson": SpectrumSubject.json(hutchinson),
        "hutch++": sketched.map(SpectrumSubject.json) ?? .null,
      ],
    ]
  }

  static func text(_ densities: [SpectrumDensity], in layout: TextLayout) -> String {
    var table = TextTable(
      heading: [
        "data", "probes", "mass below", "mass", "95 % over probes", "limits of the steps",
        "trace, quadrature",
        "Hutchinson", "Hutch++",
      ], rightAligned: Set(1...8))
    table.rows = densities.map { d in
      let interval = d.mass.interval().map {
        "\(SpectrumTables.number($0.lowerBound)) … \(SpectrumTables.number($0.upperBound))"
      }
      return [
        d.name, String(d.mass.masses.count), SpectrumTables.number(d.mass.threshold),
        SpectrumTables.number(d.mass.estimate.mean), interval ?? "one probe",
        "\(SpectrumTables.number(d.mass.leastMass)) … \(SpectrumTables.number(d.mass.greatestMass))",
        estimate(d.quadratureTrace), estimate(d.hutchinson), d.sketched.map(estimate) ?? "–",
      ]
    }
    return table.text(in: layout)
  }

  private static func estimate(_ e: MeanEstimate) -> String {
    SpectrumTables.number(e.mean) + (e.standardError.map { " ± \(SpectrumTables.number($0))" } ?? "")
  }
}
