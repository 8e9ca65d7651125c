import EscapementArtifacts
import Foundation
import EscapementTraining

/// The metrics of a finished run in an evidence folder: epochs, measurements and links of the digest chain.
///
/// Of a step's event, only step, epoch and digest are kept, and only if the digest is a new link. All other lines are
/// kept unchanged. A link covers everything before it, so thinning the links does not weaken what they prove; it only
/// reduces the precision with which they locate a difference of two runs. The lines end with their own seal.
struct CompactMetrics {
  /// The largest number of links of steps that are kept, evenly thinned. Links after epochs are kept with their events.
  /// 2,000 links take about 80 KB compressed, because a digest of 32 bytes is incompressible.
  static let linkLimit = 2000

  /// The lines.
  let lines: Data

  /// Shortens metrics that belong to a record with these bytes. Throws a `DataError` for an invalid step event.
  init(_ metrics: RunDirectory.Metrics, record: Data) throws {
    let marks = ["step", "epoch", MetricsSeal.event].map { Data("\"event\":\"\($0)\"".utf8) }
    var kept: [(line: Data, isLink: Bool)] = []
    var last = Digest.zero
    let whole = metrics.bytes.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast()
    for (index, line) in whole.enumerated() where line.range(of: marks[2]) == nil {
      let isStep = line.range(of: marks[0]) != nil
      guard isStep || line.range(of: marks[1]) != nil else {
        kept.append((Data(line), false))
        continue
      }
      let place = "\(metrics.file.path) line \(index + 1)"
      let event = JSONCursor(try JSON(parsing: Data(line), file: place), file: place)
      let digest = try event.field("digest").digest()
      if !isStep {
        kept.append((Data(line), false))
      } else if digest != last {
        let link: JSON = [
          "event": "step", "step": .integer(try event.field("step").integer(atLeast: 1)),
          "epoch": .integer(try event.field("epoch").integer(atLeast: 0)), "digest": .string(digest.hex),
        ]
        kept.append((Data(link.canonical().utf8), true))
      }
      last = digest
    }
    let count = kept.count { $0.isLink }
    let interval = max(1, (count + Self.linkLimit - 1) / Self.linkLimit)
    var (lines, seen) = (Data(), 0)
    for (line, isLink) in kept {
      if isLink { seen += 1 }
      guard !isLink || seen.isMultiple(of: interval) else { continue }
      lines.append(line)
      lines.append(0x0A)
    }
    lines += Data((MetricsSeal(of: lines, record: record).json.canonical() + "\n").utf8)
    self.lines = lines
  }
}
