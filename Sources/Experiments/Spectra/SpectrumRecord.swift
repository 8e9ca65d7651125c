import EscapementArtifacts
import EscapementCurvature
import Foundation
import EscapementKernels
import EscapementTraining

/// One spectrum as written by `escapement spectrum --json`: enough to redraw its density without new Hessian products.
///
/// Unknown members are ignored, so that the format can be extended.
package struct SpectrumRecord: Hashable, Sendable {
  /// The procedure by which a spectrum was computed.
  package enum Mode: String, Hashable, Sendable, CaseIterable {
    /// One fixed matrix, with measured residuals and limits.
    case exact
    /// The papers' released procedure, which records neither α and β nor limits.
    case released = "pyhessian"
  }

  /// One end of a spectrum.
  package struct Extreme: Hashable, Sendable {
    /// The measured Rayleigh quotient, or the Ritz value if none was measured.
    package let value: Double
    /// ‖Hv − λv‖; nil if it was not measured.
    package let residual: Double?
    /// A lower limit of the eigenvalue; nil if there is none.
    package let lowerLimit: Double?
    /// An upper limit of the eigenvalue; nil if there is none.
    package let upperLimit: Double?
  }

  /// The file from which it was read.
  package let file: String
  /// The numeric contract under which it was computed.
  package let contract: NumericContract
  /// The selection of images: "class 9", "tail", "all".
  package let data: String
  /// The number of images.
  package let samples: Int
  /// The procedure.
  package let mode: Mode
  /// The number of the start vector; nil if it is not recorded.
  package let probe: Int?
  /// The epochs that the network was trained for; nil if they are not recorded.
  package let epoch: Int?
  /// SHA-256 of the network's parameters; nil if it is not recorded.
  package let parameters: String?
  /// What else makes it another matrix than that of the same selection: loss, batch norm, operator, images, crops; an
  /// empty text where nothing is recorded or it is the usual.
  package let circumstances: [String]
  /// Diagonal and off-diagonal of Lanczos's matrix; nil for the released procedure.
  package let tridiagonal: SymmetricTridiagonal?
  /// Nodes and weights as stored.
  package let rule: GaussQuadrature
  /// The lower end.
  package let smallest: Extreme
  /// The upper end.
  package let largest: Extreme
  /// The probability that a limit away from the Ritz values fails; nil if there is none.
  package let failureProbability: Double?
  /// ‖H₁v − H₂v‖/‖H₁v‖: 0 for one matrix.
  package let drift: Double
  /// Whether the spectrum passed its own checks; nil for records without them.
  package let isValid: Bool?

  /// "exact", "released" or, if the images changed between products, "released, re-drawn".
  package var modeName: String {
    mode == .exact ? "exact" : drift > 0 ? "released, re-drawn" : "released"
  }

  /// The mode's name, and the crops of fixed images that were cropped.
  package var procedure: String {
    [modeName, circumstances.last ?? ""].filter { !$0.isEmpty }.joined(separator: ", ")
  }

  /// The largest size of a file, in bytes.
  package static let byteLimit = 256 << 20
  /// The largest number of nodes of a spectrum; the cost of the eigenvalues grows with its square.
  package static let nodeLimit = 10_000
  /// The largest magnitude of an eigenvalue, so that its square does not overflow.
  package static let magnitudeLimit = 1e100

  /// The records of a file, an array of objects or one object.
  ///
  /// Throws `MissingError` or `DataError`; records that failed their own checks are refused unless `acceptingInvalid`.
  package static func read(_ url: URL, acceptingInvalid: Bool = false) throws -> [SpectrumRecord] {
    let json = try JSON(parsing: FileContents.read(url, limit: byteLimit), file: url.path)
    let root = JSONCursor(json, file: url.path)
    let cursors = json.object == nil ? try root.elements() : [root]
    guard !cursors.isEmpty else {
      throw root.fault(
        found: "an empty array", expected: "at least one spectrum",
        advice: "make one by escapement spectrum RUN --json")
    }
    return try cursors.map { try SpectrumRecord($0, acceptingInvalid: acceptingInvalid) }
  }

  /// Reads one record; throws a `DataError` that names the key.
  package init(_ cursor: JSONCursor, acceptingInvalid: Bool = false) throws {
    file = cursor.file
    contract = try NumericContract(of: cursor)
    let valid = try cursor.optionalField("valid")
    isValid = try valid?.bool()
    if let valid, isValid == false, !acceptingInvalid {
      throw valid.fault(
        found: "false", expected: "a spectrum that passed its own checks",
        advice: "see its \"checks\", or ask for invalid ones with --accept-invalid")
    }
    let modeCursor = try cursor.optionalField("mode")
    let name = try modeCursor?.string() ?? Mode.exact.rawValue
    guard let mode = Mode(rawValue: name) else {
      throw (modeCursor ?? cursor).fault(found: "\"\(name)\"", expected: "\"exact\" or \"pyhessian\"")
    }
    self.mode = mode
    data = try cursor.field("data").string()
    samples = try cursor.field("samples").integer(atLeast: 1)
    probe = try cursor.optionalField("probe")?.integer(atLeast: 0)
    epoch = try cursor.optionalField("epoch")?.integer(atLeast: 0)
    parameters = try cursor.optionalField("parameters")?.string()
    func text(_ key: String) throws -> String { try cursor.optionalField(key)?.string() ?? "" }
    let isCropped =
      try cursor.optionalField("augmented")?.bool() == true && cursor.optionalField("redraws")?.bool() != true
    circumstances = [
      try text("operator"), try text("loss"), try text("normalization"),
      "\(samples) images", isCropped ? "crops of seed \(try text("seed"))" : "",
    ]
    let nodes = try Self.numbers(cursor.field("ritz_values"))
    let weights = try Self.numbers(cursor.field("weights"), count: nodes.count, minimum: 0)
    guard !nodes.isEmpty else {
      throw try cursor.field("ritz_values").fault(found: "an empty array", expected: "at least one number")
    }
    guard zip(nodes, nodes.dropFirst()).allSatisfy({ $0 <= $1 }) else {
      throw try cursor.field("ritz_values").fault(found: "falling values", expected: "ascending ones")
    }
    rule = GaussQuadrature(nodes: nodes, weights: weights)
    // Squared components of a unit vector; 10,000 of them rounded to Float still sum to 1 within 6·10⁻⁴.
    guard (rule.weightSum - 1).magnitude <= 1e-3 else {
      throw try cursor.field("weights").fault(
        found: "numbers of sum \(rule.weightSum)", expected: "a sum of 1")
    }
    drift = try Self.number(cursor.field("drift"), minimum: 0)
    switch mode {
    case .exact:
      let alpha = try Self.numbers(cursor.field("alpha"), count: nodes.count)
      // The last β is the norm of the remainder and not an element of the matrix.
      let beta = try Self.numbers(cursor.field("beta"), count: nodes.count)
      tridiagonal = SymmetricTridiagonal(diagonal: alpha, offDiagonal: Array(beta.dropLast()))
      smallest = try Self.end(cursor, "smallest", limit: "smallest_lower_limit", isLower: true)
      largest = try Self.end(cursor, "largest", limit: "largest_upper_limit", isLower: false)
      failureProbability = try cursor.optionalField("failure_probability").map {
        try Self.number($0, minimum: 0)
      }
    case .released:
      tridiagonal = nil
      failureProbability = nil
      (smallest, largest) = try (
        Extreme(
          value: Self.number(cursor.field("smallest")), residual: nil, lowerLimit: nil, upperLimit: nil),
        Extreme(
          value: Self.number(cursor.field("largest")), residual: nil, lowerLimit: nil, upperLimit: nil)
      )
    }
    if tridiagonal != nil { try checkStoredRule(cursor) }
  }

  /// The nodes and weights recomputed from α and β by the package's own implicit QL, or the stored rule if there are
  /// none.
  package func redrawn() throws -> GaussQuadrature {
    try tridiagonal.map { try GaussQuadrature($0) } ?? rule
  }

  /// Throws unless the stored nodes and weights agree with α and β.
  ///
  /// Both come from QL, so nodes may differ by twice its error bound e. Eigenvectors of matrices at most 2e apart
  /// enclose an angle φ with sin φ ≤ 4e/gap (Davis and Kahan 1970, in the form of Yu, Wang and Samworth 2015), and
  /// squared components of unit vectors differ by at most sin φ; the rounding of rotations adds 8 ulp of 1 per sweep.
  private func checkStoredRule(_ cursor: JSONCursor) throws {
    guard let tridiagonal else { return }
    let eigen: TridiagonalEigen
    do {
      eigen = try TridiagonalEigen(tridiagonal)
    } catch {
      throw try cursor.field("alpha").fault(found: "\(error)", expected: "a matrix whose eigenvalues settle")
    }
    let anew = GaussQuadrature(eigen)
    let bound = 2 * eigen.errorBound
    let rounding = 8 * Double(eigen.sweeps + 1) * Double.ulpOfOne
    for i in anew.nodes.indices {
      guard (anew.nodes[i] - rule.nodes[i]).magnitude <= bound else {
        throw try cursor.field("ritz_values").elements()[i].fault(
          found: "\(rule.nodes[i])", expected: "\(anew.nodes[i]), which α and β give")
      }
      let below = i > 0 ? anew.nodes[i] - anew.nodes[i - 1] : .infinity
      let above = i + 1 < anew.nodes.count ? anew.nodes[i + 1] - anew.nodes[i] : .infinity
      let gap = min(below, above)
      let allowed = (gap > 2 * bound ? min(1, 2 * bound / gap) : 1) + rounding
      guard (anew.weights[i] - rule.weights[i]).magnitude <= allowed else {
        throw try cursor.field("weights").elements()[i].fault(
          found: "\(rule.weights[i])", expected: "\(anew.weights[i]), which α and β give")
      }
    }
  }

  private static func end(
    _ cursor: JSONCursor, _ key: String, limit: String, isLower: Bool
  ) throws -> Extreme {
    let end = try cursor.field(key)
    let value = try number(end.field("rayleigh"))
    let rounding = try number(end.field("rounding"), minimum: 0)
    let far = try cursor.optionalField(limit).map { try number($0) }
    return Extreme(
      value: value, residual: try number(end.field("residual"), minimum: 0),
      lowerLimit: isLower ? far : value - rounding, upperLimit: isLower ? value + rounding : far)
  }

  private static func numbers(
    _ cursor: JSONCursor, count: Int? = nil, minimum: Double = -.infinity
  ) throws -> [Double] {
    let elements = try cursor.elements()
    guard elements.count <= nodeLimit else {
      throw cursor.fault(found: "\(elements.count) numbers", expected: "at most \(nodeLimit)")
    }
    if let count, elements.count != count {
      throw cursor.fault(
        found: "\(elements.count) numbers", expected: "\(count), one for each Ritz value")
    }
    return try elements.map { try number($0, minimum: minimum) }
  }

  private static func number(_ cursor: JSONCursor, minimum: Double = -.infinity) throws -> Double {
    let value = try cursor.double()
    guard value.magnitude <= magnitudeLimit else {
      throw cursor.fault(
        found: "\(value)", expected: "a finite number of magnitude at most \(magnitudeLimit)")
    }
    guard value >= minimum else {
      throw cursor.fault(found: "\(value)", expected: "a number of at least \(minimum)")
    }
    return value
  }
}
