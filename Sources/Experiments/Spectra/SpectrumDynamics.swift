import EscapementArtifacts
import Foundation
import EscapementTraining

/// The extreme eigenvalues of single classes over the epochs of one run, as measured by `train --spectra`, or by
/// `spectrum` on its checkpoints.
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
    /// The class's loss; nil if it was not measured.
    package let loss: Double?
    /// Euclidean norm of its gradient; nil if it was not measured.
    package let gradientNorm: Double?
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
  /// Whether the images were cropped and flipped again in every product.
  package var isRedrawn = false

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

  /// The courses of classes among spectra of one run's checkpoints, one for each procedure, which is a part of the name
  /// where there are several.
  ///
  /// Other selections than single classes are left out. Throws `DataError` if no class is measured, without epochs, and
  /// for two networks after the same epoch.
  package static func courses(name: String, of records: [SpectrumRecord], file: String) throws
    -> [SpectrumDynamics]
  {
    var procedures: [String] = []
    var found: [String: [Int: [Int: [SpectrumRecord]]]] = [:]
    for record in records {
      guard record.data.hasPrefix("class "), let label = Int(record.data.dropFirst(6)) else { continue }
      guard let epoch = record.epoch else {
        throw DataError(
          file: file, found: "a spectrum of \(record.data) without \"epoch\"",
          expected: "that of a run's checkpoint",
          advice: "make it by escapement spectrum RUN --checkpoint STEP --out FILE")
      }
      if !procedures.contains(record.procedure) { procedures.append(record.procedure) }
      found[record.procedure, default: [:]][label, default: [:]][epoch, default: []].append(record)
    }
    guard !found.isEmpty else {
      throw DataError(
        file: file, found: "no spectra of classes", expected: "\"data\": \"class N\"",
        advice: "make them by escapement spectrum RUN --classes N --checkpoint STEP --out FILE")
    }
    return try procedures.map { procedure in
      let classes = found[procedure, default: [:]]
      let courses = try classes.keys.sorted().map { label in
        let epochs = classes[label, default: [:]]
        return Course(
          label: label,
          points: try epochs.keys.sorted().map { epoch in
            let probes = epochs[epoch, default: []]
            guard Set(probes.map(\.parameters)).count == 1 else {
              throw DataError(
                file: file, found: "class \(label) of two networks after \(epoch) epochs",
                expected: "one run",
                advice: "keep each run's spectra in a file of its own")
            }
            let smallest = probes.map(\.smallest.value).min() ?? .nan
            let largest = probes.map(\.largest.value).max() ?? .nan
            return Point(
              epoch: epoch, smallest: smallest, largest: largest,
              ratio: largest == 0 ? nil : (smallest / largest).magnitude, loss: nil, gradientNorm: nil)
          })
      }
      var course = SpectrumDynamics(
        name: procedures.count > 1 ? "\(name), \(procedure)" : name, reweighting: nil, classes: courses)
      course.isRedrawn = classes.values.contains { $0.values.contains { $0.contains { $0.drift > 0 } } }
      return course
    }
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
