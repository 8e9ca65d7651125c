import EscapementArtifacts
import Foundation
import EscapementTraining

/// The extreme eigenvalues of single classes over the epochs of one run, as measured by `train --spectra`.
package struct SpectrumDynamics: Hashable, Sendable {
  /// The measurement of a class after an epoch.
  package struct Point: Hashable, Sendable {
    /// Epochs done.
    package let epoch: Int
    /// λ_min of the class's loss.
    package let smallest: Double
    /// λ_max of the class's loss.
    package let largest: Double
    /// |λ_min/λ_max|; nil if λ_max cannot be told from zero.
    package let ratio: Double?
    /// The class's loss.
    package let loss: Double
    /// Euclidean norm of its gradient.
    package let gradientNorm: Double
  }

  /// One class over the epochs of the run.
  package struct Course: Hashable, Sendable {
    /// The class.
    package let label: Int
    /// Its measurements, by epoch.
    package let points: [Point]

    /// A course from its parts.
    package init(label: Int, points: [Point]) { (self.label, self.points) = (label, points) }
  }

  /// The name of the run in legends.
  package let name: String
  /// The number of completed epochs when class weights begin; nil for a run without weights, or with weights from the
  /// start.
  package let reweighting: Int?
  /// The classes measured, ascending.
  package let classes: [Course]

  /// The largest size of a metrics file, in bytes.
  package static let byteLimit = 1 << 30

  /// A course from its parts.
  package init(name: String, reweighting: Int?, classes: [Course]) {
    (self.name, self.reweighting, self.classes) = (name, reweighting, classes)
  }

  /// Reads the run in a directory. Throws `MissingError` for a missing file, `DataError` for a damaged one and for
  /// metrics without spectra.
  package init(name: String, run: RunDirectory) throws {
    self.name = name
    let recipe = try run.recipe()
    let start = recipe.weighting?.start
    reweighting = start.flatMap { $0 > 0 && $0 < recipe.epochs ? $0 : nil }
    let written = try run.readMetrics(limit: Self.byteLimit)
    classes = try Self.classes(
      inMetrics: String(decoding: written.bytes, as: UTF8.self), file: written.file.path)
  }

  /// The spectra among the events of a metrics file.
  static func classes(inMetrics text: String, file: String) throws -> [Course] {
    var found: [Int: [Point]] = [:]
    for (index, line) in text.split(separator: "\n").enumerated() where line.contains("\"spectrum\"") {
      let place = "\(file) line \(index + 1)"
      let event = JSONCursor(try JSON(parsing: Data(line.utf8), file: place), file: place)
      guard try event.field("event").string() == SpectrumEvent.name else { continue }
      let epoch = try event.field("epoch").integer(atLeast: 0)
      for (row, place) in zip(try SpectrumEvent(event).rows, try event.field("classes").elements()) {
        // The loss over all classes is not one of the courses.
        guard let label = row.label else { continue }
        guard row.ratio != nil || place.value["ratio"] == .null, let gradientNorm = row.gradientNorm else {
          throw place.fault(found: "no ratio or gradient_norm", expected: "both")
        }
        found[label, default: []].append(
          Point(
            epoch: min(epoch, .max - 1) + 1, smallest: row.smallest.value, largest: row.largest.value,
            ratio: row.ratio, loss: row.loss, gradientNorm: gradientNorm))
      }
    }
    guard !found.isEmpty else {
      throw DataError(
        file: file, found: "no spectra of classes", expected: "events \"spectrum\"",
        advice: "train with --spectra")
    }
    return found.keys.sorted().map { label in
      let points = found[label, default: []]
      // An interrupted and resumed run may have measured an epoch twice; the last measurement counts.
      var latest: [Int: Point] = [:]
      for point in points { latest[point.epoch] = point }
      return Course(label: label, points: latest.keys.sorted().compactMap { latest[$0] })
    }
  }
}
