import EscapementExperiments
import EscapementDrawing
import EscapementOptimizers
import EscapementArtifacts
import EscapementTraining

/// One run of a sweep: everything that determines its bits, and what is measured during it.
package struct SweepRow: Sendable, Hashable {
  /// The recipe that is trained.
  package var recipe: Recipe
  /// The augmentation of test images.
  package var testTime: TestTimeAugmentation
  /// The curvature that is measured during the run, which does not change its bits; nil if none.
  package var spectra: SpectrumPlan?

  /// A run.
  package init(recipe: Recipe, testTime: TestTimeAugmentation = .none, spectra: SpectrumPlan? = nil) {
    self.recipe = recipe
    self.testTime = testTime
    self.spectra = spectra
  }

  /// The digest of the recipe without its name and seed: rows that differ only in their seed share it.
  package var group: Digest { RecordedRun.digest(of: recipe, testTime: testTime) }

  /// The run's name, under which `evidence add` stores it: the beginning of the recipe's digest, and the seed.
  package var id: String { RecordedRun.storedName(recipeDigest: group, seed: recipe.seed) }

  /// The radius in words, for tables: "0.05", "0.05/0.1" of head and tail, "schedule", or empty for a rule without one.
  package var rho: String {
    recipe.optimizer.radii.map { radius in
      if case .constant(let rho) = radius { NumberText.short(rho) } else { "schedule" }
    }.joined(separator: "/")
  }
}

extension SweepRow {
  static let columns = ["index", "run", "test_time", "spectra", "recipe"]

  /// The fields of the row at `index` of a manifest.
  func fields(index: Int) -> [String] {
    [
      String(index), id, testTime.rawValue, spectra?.text ?? "", recipe.json.canonical(),
    ]
  }

  /// Reads what `fields` wrote. Throws a `DataError` with the line for anything else, such as a recipe whose digest
  /// does not match the run's name.
  init(_ record: CSVText.Record, index: Int, file: String) throws {
    func fault(_ column: Int, found: String, expected: String) -> DataError {
      DataError(
        file: file, place: "line \(record.line), \(Self.columns[column])", found: found, expected: expected,
        advice: "the manifest was changed: plan it again under another name")
    }
    let fields = record.fields
    guard fields[0] == String(index) else { throw fault(0, found: fields[0], expected: "\(index)") }
    guard let testTime = TestTimeAugmentation(rawValue: fields[2]) else {
      throw fault(2, found: fields[2], expected: "none or flip")
    }
    let place = "\(file): line \(record.line), recipe"
    let document = JSONCursor(try JSON(parsing: .init(fields[4].utf8), file: place), file: place)
    // Check the epochs before the recipe, whose check computes a radius and a rate for each epoch.
    let epochs = try document.field("epochs").integer(atLeast: 1)
    guard epochs <= Recipe.epochLimit else {
      throw fault(4, found: "\(epochs) epochs", expected: "at most \(Recipe.epochLimit)")
    }
    do { recipe = try Recipe(document) } catch let error as HyperparameterError {
      throw fault(4, found: error.description, expected: "a recipe that can be trained")
    }
    self.testTime = testTime
    do { spectra = try fields[3].isEmpty ? nil : SpectrumPlan(parsing: fields[3]) } catch let error
      as HyperparameterError
    {
      throw fault(3, found: fields[3], expected: error.expected)
    }
    guard fields[1] == id else {
      throw fault(1, found: fields[1], expected: "\(id), the hash of the recipe beside it")
    }
    guard self.fields(index: index) == fields else {
      throw fault(4, found: "another spelling", expected: "the canonical one")
    }
  }
}
