import Artifacts
import Training

/// One run of a sweep: all that decides its bits, and what is measured along it.
public struct SweepRow: Sendable, Hashable {
  /// Curvature of classes that is measured along the run; it changes no bit of it.
  public struct Spectra: Sendable, Hashable {
    /// Epochs between measurements.
    public var every: Int
    /// The classes, ascending.
    public var classes: [Int]

    /// A measurement.
    public init(every: Int, classes: [Int]) { (self.every, self.classes) = (every, classes.sorted()) }

    /// The rarer needs of both: all classes, at every epoch at which one of the two asks.
    func union(_ other: Spectra) -> Spectra {
      var (a, b) = (every, other.every)
      while b != 0 { (a, b) = (b, a % b) }
      return Spectra(every: a, classes: Array(Set(classes + other.classes)))
    }
  }

  /// What is trained.
  public var recipe: Recipe
  /// What is done to test pictures.
  public var testTime: TestTimeAugmentation
  /// What is measured besides; nil: nothing.
  public var spectra: Spectra?

  /// A run.
  public init(recipe: Recipe, testTime: TestTimeAugmentation = .none, spectra: Spectra? = nil) {
    self.recipe = recipe
    self.testTime = testTime
    self.spectra = spectra
  }

  /// The digest of the recipe without its name and seed: rows that differ in their seed alone share it.
  public var group: Digest { RecordedRun.digest(of: recipe, testTime: testTime) }

  /// The run's name among others, the one under which `evidence add` keeps it: the beginning of the recipe's digest, and
  /// the seed.
  public var id: String { RecordedRun.storedName(recipeDigest: group, seed: recipe.seed) }

  /// The radius in words, for tables: "0.05", "0.05/0.1" of head and tail, "schedule", or nothing for a rule without one.
  public var rho: String {
    recipe.optimizer.radii.map { radius in
      if case .constant(let rho) = radius { NumberText.short(rho) } else { "schedule" }
    }.joined(separator: "/")
  }
}

extension SweepRow {
  static let columns = ["index", "run", "test_time", "spectrum_every", "spectrum_classes", "recipe"]

  /// The fields of the row at `index` of a manifest.
  func fields(index: Int) -> [String] {
    [
      String(index), id, testTime.rawValue, spectra.map { String($0.every) } ?? "",
      spectra.map { $0.classes.map(String.init).joined(separator: " ") } ?? "", recipe.json.canonical(),
    ]
  }

  /// Reads what `fields` wrote; a `DataError` with the line for anything else, above all a recipe that does not hash to
  /// the run's name.
  init(_ record: CSVText.Record, index: Int, file: String) throws {
    func fault(_ column: Int, found: String, expected: String) -> DataError {
      DataError(
        file: file, place: "line \(record.line), \(Self.columns[column])", found: found, expected: expected,
        advice: "the manifest was changed: plan it anew under another name")
    }
    let fields = record.fields
    guard fields[0] == String(index) else { throw fault(0, found: fields[0], expected: "\(index)") }
    guard let testTime = TestTimeAugmentation(rawValue: fields[2]) else {
      throw fault(2, found: fields[2], expected: "none or flip")
    }
    let place = "\(file): line \(record.line), recipe"
    let document = JSONCursor(try JSON(parsing: .init(fields[5].utf8), file: place), file: place)
    // Before the recipe is checked, which takes a radius and a rate for each epoch.
    let epochs = try document.field("epochs").integer(atLeast: 1)
    guard epochs <= RecordedRun.epochLimit else {
      throw fault(5, found: "\(epochs) epochs", expected: "at most \(RecordedRun.epochLimit)")
    }
    do { recipe = try Recipe(document) } catch let error as HyperparameterError {
      throw fault(5, found: error.description, expected: "a recipe that can be trained")
    }
    self.testTime = testTime
    spectra = try Self.spectra(fields[3], fields[4]) {
      fault(3, found: "\(fields[3]); \(fields[4])", expected: $0)
    }
    guard fields[1] == id else {
      throw fault(1, found: fields[1], expected: "\(id), the hash of the recipe beside it")
    }
    guard self.fields(index: index) == fields else {
      throw fault(5, found: "another spelling", expected: "the canonical one")
    }
  }

  private static func spectra(
    _ every: String, _ classes: String, fault: (String) -> DataError
  ) throws -> Spectra? {
    if every.isEmpty, classes.isEmpty { return nil }
    let labels = classes.split(separator: " ").map { Int($0) ?? -1 }
    guard let every = Int(every), every >= 1, !labels.isEmpty,
      labels.allSatisfy({ (0..<100_000).contains($0) })
    else { throw fault("epochs between measurements of at least 1, and classes between blanks") }
    return Spectra(every: every, classes: labels)
  }
}
