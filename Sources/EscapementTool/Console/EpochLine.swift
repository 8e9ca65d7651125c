import EscapementDrawing
import EscapementTraining
import Foundation

/// The readable line of an epoch.
struct EpochLine {
  /// The figures with their names.
  private let parts: [String]

  /// The line; one that is too long for the layout goes on below, two blanks in, and no figure leaves its name.
  func text(in layout: TextLayout) -> String {
    var lines: [String] = []
    for part in parts {
      if let last = lines.last, last.count + 2 + part.count <= layout.width ?? .max {
        lines[lines.count - 1] += "  " + part
      } else {
        lines.append(lines.isEmpty ? part : "  " + part)
      }
    }
    return lines.joined(separator: "\n")
  }

  /// The line of an epoch; `epochs` is the total.
  init(_ record: EpochRecord, epochs: Int) {
    func percent(_ counts: EpochRecord.Counts?) -> String? {
      counts?.percent.map { Self.fixed($0, 2) + " %" }
    }
    var parts = ["epoch \(record.epoch + 1)/\(epochs)", "lr \(String(format: "%.6g", record.learningRate))"]
    parts.append("loss \(Self.fixed(record.train.loss, 4))")
    let train = record.train
    if train.samples > 0 {
      parts.append("train \(Self.fixed(100 * Double(train.correct) / Double(train.samples), 2)) %")
    }
    let test = record.test
    for (name, counts) in [("test", test.all), ("head", test.head), ("mid", test.mid), ("tail", test.tail)] {
      if let share = percent(counts) { parts.append("\(name) \(share)") }
    }
    if train.skipped > 0 { parts.append("\(train.skipped) steps skipped") }
    // After the last epoch, the line includes the training images without augmentation.
    if let images = record.trainingImages, let all = percent(images.all) {
      parts.append("training images \(all)")
      if let tail = percent(images.tail) { parts.append("their tail \(tail)") }
    }
    parts.append("\(Self.fixed(record.seconds, 1)) s")
    if train.samples > 0, record.seconds > 0 {
      parts.append("\(Int(Double(train.samples) / record.seconds)) images/s")
    }
    self.parts = parts
  }

  /// A number with a fixed number of decimals.
  static func fixed(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite, value.magnitude < 1e15 else { return "\(value)" }
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let units = Int((value.magnitude * scale).rounded())
    let (whole, rest) = units.quotientAndRemainder(dividingBy: Int(scale))
    let digits = String(rest)
    let fraction = decimals == 0 ? "" : "." + String(repeating: "0", count: decimals - digits.count) + digits
    return (value < 0 && units != 0 ? "-" : "") + "\(whole)" + fraction
  }
}

/// Samples per second since the first one.
struct ProgressRate {
  private let start = ContinuousClock.now
  private var samples = 0

  /// Counts the samples of a step.
  mutating func add(_ count: Int) { samples += count }

  /// "loss 1.2345, 270 images/s".
  func note(loss: Double) -> String {
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    return "loss \(EpochLine.fixed(loss, 4))"
      + (seconds > 0 ? ", \(Int(Double(samples) / seconds)) images/s" : "")
  }
}
