import EscapementArtifacts
import Foundation

/// One epoch's line for people, from its event in the metrics.
struct EpochLine {
  /// The line.
  let text: String

  /// Reads the event; members it does not know are left out.
  init(_ event: JSON, epochs: Int) {
    var parts = ["epoch \((event["epoch"]?.integer ?? 0) + 1)/\(epochs)"]
    if let rate = event["learning_rate"]?.double { parts.append("lr \(String(format: "%.6g", rate))") }
    if let loss = event["train"]?["loss"]?.double { parts.append("loss \(Self.fixed(loss, 4))") }
    if let train = Self.percent(event["train"]) { parts.append("train \(train)") }
    if let test = event["test"] {
      if let all = Self.percent(test) { parts.append("test \(all)") }
      for group in ["head", "mid", "tail"] {
        if let share = Self.percent(test[group]) { parts.append("\(group) \(share)") }
      }
    }
    if let skipped = event["train"]?["skipped"]?.integer { parts.append("\(skipped) steps skipped") }
    // After the last epoch: the training images without augmentation.
    if let images = event["training_pictures"], let all = Self.percent(images) {
      parts.append("training images \(all)")
      if let tail = Self.percent(images["tail"]) { parts.append("their tail \(tail)") }
    }
    if let seconds = event["seconds"]?.double {
      parts.append("\(Self.fixed(seconds, 1)) s")
      if let samples = event["train"]?["samples"]?.double, seconds > 0 {
        parts.append("\(Int(samples / seconds)) images/s")
      }
    }
    text = parts.joined(separator: "  ")
  }

  private static func percent(_ counts: JSON?) -> String? {
    guard let correct = counts?["correct"]?.double, let samples = counts?["samples"]?.double, samples > 0
    else { return nil }
    return fixed(100 * correct / samples, 2) + " %"
  }

  /// A number with a fixed count of decimals.
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

/// Samples a second since the first one.
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
