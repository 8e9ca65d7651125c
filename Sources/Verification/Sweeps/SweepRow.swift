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
    /// Whether the loss over all classes is measured too.
    public var overall: Bool

    /// A measurement of classes, of all together, or of both.
    public init(every: Int, classes: [Int], overall: Bool = false) {
      (self.every, self.classes, self.overall) = (every, classes.sorted(), overall)
    }

    /// Reads a list such as "0 9 all"; nil for anything but different classes, an interval of at least 1 and blanks.
    public init?(every: String, subjects: String) {
      let words = subjects.split(separator: " ", omittingEmptySubsequences: false)
      let labels = words.filter { $0 != "all" }.map { Int($0) ?? -1 }
      guard let every = Int(every), every >= 1, labels.allSatisfy({ (0..<100_000).contains($0) }),
        Set(words).count == words.count, Set(labels).count == labels.count
      else { return nil }
      self.init(every: every, classes: labels, overall: words.contains("all"))
    }

    /// The classes, and "all" for the loss over all of them.
    var subjects: String { (classes.map(String.init) + (overall ? ["all"] : [])).joined(separator: " ") }

    /// The needs of both: all classes, at every epoch at which one of the two asks.
    func union(_ other: Spectra) -> Spectra {
      var (a, b) = (every, other.every)
      while b != 0 { (a, b) = (b, a % b) }
      return Spectra(
        every: a, classes: Array(Set(classes + other.classes)), overall: overall || other.overall)
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
      spectra?.subjects ?? "", recipe.json.canonical(),
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
    if fields[3].isEmpty, fields[4].isEmpty {
      spectra = nil
    } else if let stated = Spectra(every: fields[3], subjects: fields[4]) {
      spectra = stated
    } else {
      throw fault(
        3, found: "\(fields[3]); \(fields[4])",
        expected: "epochs between measurements of at least 1, and classes or \"all\" between blanks")
    }
    guard fields[1] == id else {
      throw fault(1, found: fields[1], expected: "\(id), the hash of the recipe beside it")
    }
    guard self.fields(index: index) == fields else {
      throw fault(5, found: "another spelling", expected: "the canonical one")
    }
  }
}
