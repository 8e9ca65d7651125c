import Artifacts
import Foundation
import Training

/// The two files of a run with chosen figures, as `train` writes them.
struct SyntheticRun {
  var recipe: Recipe
  /// Correct test pictures, of 1000 a class, after each epoch.
  var correct: [[Int]]
  var isPublished = true
  var testTime = "none"
  var digestEvery = 1
  var salt = ""
  /// The numeric contract that its record states; nil states none.
  var contract: String?
  var extraEvents: [JSON] = []
  /// Correct training pictures, of 100 a class, after the last epoch; nil leaves them out.
  var correctInTraining: [Int]?

  /// A run of a preset on ten classes whose accuracies rise to `accuracy` percent in every class.
  init(_ preset: String, seed: UInt64, accuracy: Int = 50, tail: Int? = nil) throws {
    recipe = try Recipe.preset(preset)
    recipe.seed = seed
    let epochs = recipe.epochs
    correct = (0..<epochs).map { epoch in
      (0..<10).map { label in
        10 * (label >= 7 ? tail ?? accuracy : accuracy) - (epoch == epochs - 1 ? 0 : 20 + epoch % 7)
      }
    }
  }

  var record: JSON {
    let kind: JSON = isPublished ? "published" : "other"
    return [
      "schema": 1, "recipe": recipe.json, "method": .string(recipe.method), "element": "F32",
      "class_counts": .array(Array(repeating: 100, count: 10)), "test_samples": 10_000,
      "groups": ["head": [0, 1, 2], "mid": [3, 4, 5, 6], "tail": [7, 8, 9]],
      "contract": contract.map { .string($0) } ?? .null,
      "digest_every": .integer(digestEvery), "test_time": .string(testTime),
      "provenance": ["data": .string(recipe.data), "train": ["kind": kind], "test": ["kind": kind]],
    ]
  }

  var lines: [String] {
    func accuracy(_ values: [Int], of samples: Int) -> JSON {
      func counts(_ range: Range<Int>) -> JSON {
        ["correct": .integer(values[range].reduce(0, +)), "samples": .integer(samples * range.count)]
      }
      let members: [String: JSON] = [
        "head": counts(0..<3), "mid": counts(3..<7), "tail": counts(7..<10),
        "per_class": .array(values.indices.map { counts($0..<$0 + 1) }),
      ]
      return .object(members.merging(counts(0..<10).object!) { $1 })
    }
    return correct.enumerated().map { epoch, values in
      var event: [String: JSON] = [
        "event": "epoch", "epoch": .integer(epoch), "step": .integer(10 * (epoch + 1)),
        "test": accuracy(values, of: 1000), "train": ["loss": 1.5],
        "digest": .string(Digest(of: "\(salt) \(values)").hex),
      ]
      if epoch == correct.count - 1 {
        event["training_pictures"] = correctInTraining.map { accuracy($0, of: 100) }
      }
      return JSON.object(event).canonical()
    } + extraEvents.map { $0.canonical() }
  }

  /// Writes it as a directory of that name and returns the directory.
  @discardableResult func write(in folder: URL, as name: String) throws -> RunDirectory {
    let directory = RunDirectory(folder.appendingPathComponent(name, isDirectory: true))
    try FileManager.default.createDirectory(at: directory.url, withIntermediateDirectories: true)
    try Data(record.canonical().utf8).write(to: directory.record)
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: directory.metrics)
    return directory
  }
}
