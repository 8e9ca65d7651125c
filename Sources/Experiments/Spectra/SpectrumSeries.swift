import EscapementDrawing
import EscapementCurvature

/// The spectra of one matrix by one procedure, one per probe: a curve or a row of a figure.
package struct SpectrumSeries: Hashable, Sendable {
  /// The run or file, if a figure has several; nil otherwise.
  package let label: String?
  /// The selection of images: "class 9", "tail"; and what distinguishes it from another matrix of the same selection:
  /// "class 9, after 160 epochs".
  package let data: String
  /// The procedure.
  package let mode: SpectrumRecord.Mode
  /// One record per probe, at least one.
  package let records: [SpectrumRecord]

  /// Groups records by label, matrix and procedure, in the order of their first occurrence.
  package static func grouping(_ records: [(label: String?, record: SpectrumRecord)]) -> [SpectrumSeries] {
    // What varies among the records of one label and selection becomes a part of the name; of two networks, their
    // epochs, or their digests where these are the same.
    func epoch(_ record: SpectrumRecord) -> String { record.epoch.map { "after \($0) epochs" } ?? "" }
    func network(_ record: SpectrumRecord) -> String {
      record.parameters.map { "network \($0.prefix(8))" } ?? ""
    }
    var details: [[String]: [Set<String>]] = [:]
    var networks: [[String]: Set<String>] = [:]
    for (label, record) in records {
      let selection = [label ?? "", record.data]
      for (place, text) in (record.circumstances + [epoch(record)]).enumerated() {
        details[selection, default: Array(repeating: [], count: record.circumstances.count + 1)][place]
          .insert(text)
      }
      networks[selection + [epoch(record)], default: []].insert(network(record))
    }
    var keys: [[String]] = []
    var members: [[String]: SpectrumSeries] = [:]
    for (label, record) in records {
      let selection = [label ?? "", record.data]
      let texts = record.circumstances + [epoch(record)]
      var named = zip(texts, details[selection] ?? []).filter { $1.count > 1 }.map(\.0)
      if (networks[selection + [epoch(record)]] ?? []).count > 1 { named.append(network(record)) }
      let data = ([record.data] + named.filter { !$0.isEmpty }).joined(separator: ", ")
      // The released procedure on unchanged images and on re-drawn ones are different measurements.
      let key = selection + texts + [network(record), record.modeName]
      if members[key] == nil { keys.append(key) }
      members[key] = SpectrumSeries(
        label: label, data: data, mode: record.mode, records: (members[key]?.records ?? []) + [record])
    }
    return keys.compactMap { members[$0] }
  }

  /// "sgd, class 9".
  package var name: String { [label, data].compactMap(\.self).joined(separator: ", ") }
  /// The records' `modeName`, which is the same for all.
  package var modeName: String { records[0].modeName }
  /// Whether two products with the same vector differed, as they do if images are cropped and flipped again.
  package var isRedrawn: Bool { drift > 0 }

  /// The smallest measured value, with the highest of the lower limits: each probe's limits hold for the same λ_min.
  package var smallest: SpectrumRecord.Extreme {
    let best = records.min { $0.smallest.value < $1.smallest.value } ?? records[0]
    return SpectrumRecord.Extreme(
      value: best.smallest.value, residual: best.smallest.residual,
      lowerLimit: records.compactMap(\.smallest.lowerLimit).max(),
      upperLimit: records.compactMap(\.smallest.upperLimit).min())
  }

  /// The largest measured value, with the lowest of the upper limits.
  package var largest: SpectrumRecord.Extreme {
    let best = records.max { $0.largest.value < $1.largest.value } ?? records[0]
    return SpectrumRecord.Extreme(
      value: best.largest.value, residual: best.largest.residual,
      lowerLimit: records.compactMap(\.largest.lowerLimit).max(),
      upperLimit: records.compactMap(\.largest.upperLimit).min())
  }

  /// The largest drift between two products with the same vector.
  package var drift: Double { records.map(\.drift).max() ?? 0 }

  /// A bound on the probability that any of the limits fails: the sum over probes.
  package var failureProbability: Double? {
    let all = records.compactMap(\.failureProbability)
    return all.isEmpty ? nil : min(1, all.reduce(0, +))
  }

  /// The rules from α and β, one per probe.
  package func rules() throws -> [GaussQuadrature] { try records.map { try $0.redrawn() } }

  /// "λ_min −0.52 in [−0.9, −0.51], λ_max 60.1 in [60.1, 61], 139 images, 2 probes".
  var summary: String {
    let extremes = [("λ_min", smallest), ("λ_max", largest)].map { name, end in
      let value = "\(name) \(AxisScale.minus(NumberText.rounded(end.value)))"
      guard end.lowerLimit != nil || end.upperLimit != nil else { return value }
      func text(_ limit: Double?, _ unknown: String) -> String {
        limit.map { AxisScale.minus(NumberText.rounded($0)) } ?? unknown
      }
      return "\(value) in [\(text(end.lowerLimit, "−∞")), \(text(end.upperLimit, "∞"))]"
    }
    let images = "\(records[0].samples) images"
    let probes = records.count == 1 ? "1 probe" : "\(records.count) probes"
    return (extremes + [images, probes]).joined(separator: ", ")
      + (drift > 0 ? ", drift \(NumberText.coarse(drift))" : "")
  }

  /// A note about the limits, for all figures of several series.
  static func limitNote(_ series: [SpectrumSeries]) -> String {
    let failures = series.compactMap(\.failureProbability)
    guard let worst = failures.max() else { return "Of the released procedure no limits are known." }
    return
      "Limits: on one side the measured Rayleigh quotient with its rounding, on the other the Lanczos bound, which "
      + "fails with probability at most \(AxisScale.minus(NumberText.coarse(worst))) over the start vectors."
  }
}
