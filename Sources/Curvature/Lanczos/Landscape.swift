import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementNetworks

/// The loss around a point along two directions, with every value computed and none interpolated. It distinguishes a
/// saddle from noise in a spectrum.
public struct Landscape: Hashable, Sendable {
  /// A direction of unit length, with the first and second derivatives along it.
  public struct Line: Hashable, Sendable {
    /// f(w + tv) at each distance.
    public let losses: [Double]
    /// ⟨v, ∇f(w)⟩.
    public let slope: Double
    /// ⟨v, H(w)v⟩.
    public let curvature: Double

    /// f(w) + t·slope + t²/2·curvature.
    public func model(at t: Double, loss: Double) -> Double { loss + t * (slope + t / 2 * curvature) }
  }

  /// f(w).
  public let loss: Double
  /// t along the lines, ascending and symmetric about 0.
  public let distances: [Double]
  /// Along the direction of the smallest eigenvalue.
  public let smallest: Line
  /// Along the direction of the largest eigenvalue.
  public let largest: Line
  /// t along each side of the plane.
  public let sides: [Double]
  /// f(w + a·v_min + b·v_max): row by row over b, within a row over a.
  public let plane: [[Double]]

  /// Evaluates a loss around a point, within `radius` along each direction: `points` values per line and `side`² in the
  /// plane; both numbers must be odd.
  ///
  /// The directions need not have unit length. They are not orthogonalized (those of a symmetric matrix are
  /// orthogonal).
  public init(
    objective: Objective<Double>, parameters: ParameterVector<Double>, statistics: ParameterVector<Double>,
    samples: any SampleSource<Double>, normalization: Normalization = .running, smallest: Tensor<Double>,
    largest: Tensor<Double>, radius: Double = 1, points: Int = 41, side: Int = 21,
    onValue: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
  ) throws {
    precondition(radius > 0 && radius.isFinite, "a radius of \(radius)")
    precondition(points > 1 && points % 2 == 1 && side > 1 && side % 2 == 1, "\(points) points, side \(side)")
    let (u, v) = (smallest.scaled(by: 1 / smallest.norm()), largest.scaled(by: 1 / largest.norm()))
    let total = 2 * points + side * side
    var done = 0
    func value(_ a: Double, _ b: Double) throws -> Double {
      let moved = parameters.flat.addingScaled(a, u).addingScaled(b, v)
      let result = try objective.loss(
        at: ParameterVector(layout: parameters.layout, flat: moved), statistics: statistics, over: samples,
        normalization: normalization)
      done += 1
      try onValue(done, total)
      return result
    }
    func steps(_ count: Int) -> [Double] {
      (0..<count).map { radius * Double(2 * $0 - (count - 1)) / Double(count - 1) }
    }
    let distances = steps(points)
    let sides = steps(side)
    let here = try objective.evaluate(
      at: parameters, statistics: statistics, over: samples, normalization: normalization)
    func line(_ direction: Tensor<Double>, _ losses: [Double]) throws -> Line {
      let product = try objective.hessianVectorProduct(
        at: parameters, statistics: statistics,
        direction: ParameterVector(layout: parameters.layout, flat: direction), over: samples,
        normalization: normalization)
      return Line(
        losses: losses, slope: here.gradient.flat.dot(direction), curvature: product.flat.dot(direction))
    }
    loss = here.loss
    self.distances = distances
    self.sides = sides
    self.smallest = try line(u, distances.map { try value($0, 0) })
    self.largest = try line(v, distances.map { try value(0, $0) })
    plane = try sides.map { b in try sides.map { a in try value(a, b) } }
  }
}
