import EscapementArtifacts
import Foundation
import EscapementTraining

/// The metrics of a finished run as a folder of evidence keeps them: epochs, measurements and links of the digest chain.
///
/// Of a step's event step, epoch and digest remain, where the digest is a new link; everything else stays line by line. A
/// link covers all before it, so that thinning them takes nothing from what they prove, only from how closely they say
/// where two runs part. A seal of their own ends the lines.
struct CompactMetrics {
  /// Links of steps that are kept at most, evenly thinned; those after epochs stay with their events. 2,000 take about
  /// 80 KB once compressed, as digests have no shorter form than their 32 bytes.
  static let linkLimit = 2000

  /// The lines.
  let lines: Data

  /// Shortens metrics that belong to a record of these bytes; throws a `DataError` for a step's event that is none.
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
