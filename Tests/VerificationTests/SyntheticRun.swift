@testable import EscapementExperiments
import EscapementArtifacts
import Foundation
import EscapementLongTail
import EscapementTraining

@testable import EscapementVerification

/// The two files of a run with chosen figures, as `train` writes them.
struct SyntheticRun {
  var recipe: Recipe
  /// Correct test images of each class after each epoch, of `testImages` of them.
  var correct: [[Int]]
  /// Whether the images of a CIFAR set are the published ones; those of a fixture never are.
  var isPublished = true
  var testTime = "none"
  var digestEvery = 1
  var salt = ""
  /// The numeric contract that its record states; nil states none.
  var contract: String?
  var extraEvents: [JSON] = []
  /// Correct training images of each class after the last epoch; nil leaves them out.
  var correctInTraining: [Int]?
  /// Correct test images without their mirrored ones, after each epoch; nil leaves them out.
  var plainCorrect: [[Int]]?
  /// Members of the record that are not what they should be, by key path.
  var faults: [String: JSON] = [:]
  /// Members of every epoch's event that are not what they should be, by key path.
  var epochFaults: [String: JSON] = [:]

  /// Test images of a class.
  let testImages: Int
  let classCounts: [Int]
  private let groups: ClassGroups

  /// A run of a preset on ten classes whose accuracies rise to `accuracy` percent in every class.
  init(_ preset: String, seed: UInt64, accuracy: Int = 50, tail: Int? = nil) throws {
    recipe = try Recipe.preset(preset)
    recipe.seed = seed
    let data = NamedData(recipe.data)!
    (classCounts, testImages, groups) = (data.classCounts, data.testCounts[0], data.groups)
    let (epochs, percent) = (recipe.epochs, testImages / 100)
    correct = (0..<epochs).map { epoch in
      (0..<10).map { label in
        percent * ((label >= 7 ? tail ?? accuracy : accuracy) - (epoch == epochs - 1 ? 0 : 2 + epoch % 7))
      }
    }
  }

  private var isFixture: Bool { recipe.data == "fixture" }
  private var steps: Int { (classCounts.reduce(0, +) + recipe.batchSize - 1) / recipe.batchSize }

  private func provenance(_ set: String, _ counts: [Int]) -> JSON {
    let known = NamedData(recipe.data)!
    let published = (set == "train" ? known.trainDigest : known.testDigest) ?? Digest(of: "published").hex
    return [
      "name": .string(known.source), "kind": isFixture ? "synthetic" : isPublished ? "published" : "other",
      "source_sha256": .string(isFixture || isPublished ? published : Digest(of: "other").hex),
      "pictures": .integer(counts.reduce(0, +)), "counts": .array(counts.map { .integer($0) }),
    ]
  }

  var record: JSON {
    let test = Array(repeating: testImages, count: 10)
    func labels(_ group: [Int]) -> JSON { .array(group.map { .integer($0) }) }
    let record: JSON = [
      "schema": 1, "recipe": recipe.json, "method": .string(recipe.method), "element": "F32",
      "class_counts": .array(classCounts.map { .integer($0) }),
      "test_samples": .integer(test.reduce(0, +)),
      "groups": ["head": labels(groups.head), "mid": labels(groups.mid), "tail": labels(groups.tail)],
      "contract": contract.map { .string($0) } ?? .null,
      "digest_every": .integer(digestEvery), "metrics_every": 0, "checkpoint_every": 0,
      "test_time": .string(testTime),
      "provenance": [
        "data": .string(recipe.data), "train": provenance("train", classCounts),
        "test": provenance("test", test),
      ],
    ]
    return faults.reduce(record) { Self.setting($0, $1.key.split(separator: "."), $1.value) }
  }

  /// A document with another value at a path of keys.
  private static func setting(_ json: JSON, _ path: [Substring], _ value: JSON) -> JSON {
    guard let key = path.first, var members = json.object else { return value }
    members[String(key)] = setting(members[String(key)] ?? [:], Array(path.dropFirst()), value)
    return .object(members)
  }

  var lines: [String] {
    func accuracy(_ values: [Int], of samples: [Int]) -> JSON {
      func counts(_ labels: [Int]) -> JSON {
        [
          "correct": .integer(labels.reduce(0) { $0 + values[$1] }),
          "samples": .integer(labels.reduce(0) { $0 + samples[$1] }),
        ]
      }
      let members: [String: JSON] = [
        "head": counts(groups.head), "mid": counts(groups.mid), "tail": counts(groups.tail),
        "per_class": .array(values.indices.map { counts([$0]) }), "not_a_number": 0,
      ]
      return .object(members.merging(counts(Array(0..<10)).object!) { $1 })
    }
    return correct.enumerated().map { epoch, values in
      let evaluations = recipe.optimizer.evaluations(steps: steps, after: epoch * steps) ?? 0
      var event: [String: JSON] = [
        "event": "epoch", "epoch": .integer(epoch), "step": .integer(steps * (epoch + 1)),
        "learning_rate": 0.1, "reweighted": false, "seconds": 1,
        "test": accuracy(values, of: Array(repeating: testImages, count: 10)),
        // Another seed has another loss.
        "train": [
          "loss": .number(1.5 + Double(recipe.seed) / 1024), "steps": .integer(steps),
          "samples": .integer(classCounts.reduce(0, +)), "evaluations": .integer(evaluations), "correct": 0,
          "descent_loss": 1.5, "gradient_norm": 1, "perturbation_norm": 0, "cosine": 1,
        ],
        "digest": .string(Digest(of: "\(salt) \(recipe.preset) \(recipe.seed) \(epoch) \(values)").hex),
      ]
      event["test_plain"] = plainCorrect.map {
        accuracy($0[epoch], of: Array(repeating: testImages, count: 10))
      }
      if epoch == correct.count - 1 {
        event["training_pictures"] = correctInTraining.map { accuracy($0, of: classCounts) }
      }
      return epochFaults.reduce(JSON.object(event)) {
        Self.setting($0, $1.key.split(separator: "."), $1.value)
      }.canonical()
    } + extraEvents.map { $0.canonical() }
  }

  /// What was measured of a class (nil: all), as a row of a spectrum event.
  struct Curvature {
    var label: Int?
    var loss = 0.5
    var smallest: Double
    var largest: Double
    var residual: Double? = 0.001
    var steps = 100
    /// What λ_min is at least, and how often that fails; nil leaves either out.
    var lowerLimit: Double?
    var failureProbability: Double? = 2e-6
  }

  /// The event that `ClassSpectra` writes after an epoch.
  func spectrum(
    after epoch: Int, _ rows: [Curvature], loss: String = ClassSpectra.loss,
    normalization: String = ClassSpectra.normalization
  ) -> JSON {
    [
      "event": "spectrum", "epoch": .integer(epoch), "loss": .string(loss),
      "normalization": .string(normalization),
      "classes": .array(
        rows.map { row -> JSON in
          let label: JSON = row.label.map { .integer($0) } ?? .null
          let samples = row.label.map { classCounts[$0] } ?? classCounts.reduce(0, +)
          let residual: JSON = row.residual.map { .number($0) } ?? .null
          return [
            "class": label, "loss": .number(row.loss), "samples": .integer(samples),
            "steps": .integer(row.steps), "smallest": .number(row.smallest), "largest": .number(row.largest),
            "smallest_residual": residual, "largest_residual": residual,
            "ratio": .number((row.smallest / row.largest).magnitude), "gradient_norm": 1.0,
            "smallest_lower_limit": row.lowerLimit.map { .number($0) } ?? .null,
            "failure_probability": row.failureProbability.map { .number($0) } ?? .null,
          ]
        }),
    ]
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
