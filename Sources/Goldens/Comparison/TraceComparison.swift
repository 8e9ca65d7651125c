/// The first place where two traces differ on one rung.
package struct TraceDifference: Hashable, Sendable {
  /// The place.
  package var place: TracePlace
  /// The quantity that differs.
  package var quantity: TraceQuantity
  /// The value in the first trace.
  package var left: TraceValue
  /// The value in the second.
  package var right: TraceValue

  /// The number of representable Doubles between the two values; nil for counts, settings and texts, and if one is not
  /// finite.
  package var ulps: UInt64? {
    guard quantity.isMeasured, case .bits(let a) = left, case .bits(let b) = right else { return nil }
    return UlpDistance.between(a, b, bytes: 8)
  }

  /// "gradient norm at step 3: 1.25 and 1.5, 2 ulp apart".
  package var text: String {
    let distance = ulps.map { ", \(UlpDistance.text($0))" } ?? ""
    let when = place.step == 0 ? place.text : "at \(place.text)"
    return "\(quantity.rawValue) \(when): \(left.text) and \(right.text)\(distance)"
  }
}

/// The result of comparing one rung of the ladder.
package struct RungFinding: Hashable, Sendable {
  /// The outcome.
  package enum Outcome: Hashable, Sendable {
    /// Both records contain this number of values, and all agree.
    case agrees(values: Int)
    /// A value differs; this is the first place.
    case differs(TraceDifference)
    /// At least one record does not contain it.
    case notRecorded
  }

  /// The rung.
  package var rung: Rung
  /// The outcome.
  package var outcome: Outcome
  /// The quantities that were compared.
  package var compared: [TraceQuantity]

  /// "agrees", "differs" or "not recorded".
  package var word: String {
    switch outcome {
    case .agrees: "agrees"
    case .differs: "differs"
    case .notRecorded: "not recorded"
    }
  }

  /// The compared quantities, or the first difference.
  package var detail: String {
    switch outcome {
    case .agrees(let count):
      "\(compared.map(\.rawValue).joined(separator: ", ")): \(count) \(count == 1 ? "value" : "values")"
    case .differs(let difference): difference.text
    case .notRecorded: ""
    }
  }

  /// The difference; nil if there is none.
  package var difference: TraceDifference? {
    if case .differs(let difference) = outcome { difference } else { nil }
  }
}

/// A comparison of two traces, rung by rung.
///
/// Only places in both records are compared, by bits. The digest chain is compared if both runs link it equally often.
/// If the chain agrees at a step, all linked steps before it agreed. If it differs, that step or one since the last
/// agreement differs.
package struct TraceComparison: Hashable, Sendable {
  /// The first trace, A.
  package let left: Trace
  /// The second, B.
  package let right: Trace
  /// One finding per rung, in the ladder's order.
  package let ladder: [RungFinding]
  /// The places in both records, in order, without the state before the first step.
  package let places: [TracePlace]

  /// Compares two traces.
  package init(_ left: Trace, _ right: Trace) {
    self.left = left
    self.right = right
    let others = Dictionary(right.points.map { ($0.place, $0) }) { $1 }
    let pairs = left.points.compactMap { point in others[point.place].map { (point, $0) } }
    places = pairs.map(\.0.place).filter { $0.step > 0 }
    let chains = left.digestEvery != nil && left.digestEvery == right.digestEvery
    ladder = Rung.allCases.map { rung in
      var compared: [TraceQuantity] = []
      var count = 0
      for (a, b) in pairs {
        for quantity in TraceQuantity.on(rung) where quantity != .digest || chains {
          if let better = quantity.betterRecord, a.values[better] != nil, b.values[better] != nil { continue }
          guard let x = a.values[quantity], let y = b.values[quantity] else { continue }
          guard x == y else {
            return RungFinding(
              rung: rung,
              outcome: .differs(TraceDifference(place: a.place, quantity: quantity, left: x, right: y)),
              compared: [quantity])
          }
          count += 1
          if !compared.contains(quantity) { compared.append(quantity) }
        }
      }
      return RungFinding(
        rung: rung, outcome: count == 0 ? .notRecorded : .agrees(values: count), compared: compared)
    }
  }

  /// The rung that differs first: at the earliest place, and there the earliest rung; nil if none differs.
  package var first: RungFinding? {
    ladder.filter { $0.difference != nil }.min {
      ($0.difference!.place, $0.rung.position) < ($1.difference!.place, $1.rung.position)
    }
  }

  /// The first step, of those in both records, in which a value differs; nil if none differs.
  package var firstDivergentStep: TracePlace? {
    ladder.compactMap { $0.difference?.place }.filter { $0.step > 0 }.min()
  }

  /// The last step in both records before the first divergent one; 0 if there is none.
  package var lastAgreeingStep: Int {
    guard let first = firstDivergentStep else { return places.last?.step ?? 0 }
    return places.last { $0.step < first.step }?.step ?? 0
  }

  /// The first parameter tensor, in layout order, whose checksum differs at the earliest place with a difference.
  package var firstTensor: (place: TracePlace, name: String)? {
    guard left.tensorNames == right.tensorNames else { return nil }
    let others = Dictionary(right.points.map { ($0.place, $0) }) { $1 }
    for point in left.points {
      guard let other = others[point.place], other.tensors.count == left.tensorNames.count else { continue }
      if let index = zip(point.tensors, other.tensors).enumerated().first(where: { $1.0 != $1.1 })?.offset {
        return (point.place, left.tensorNames[index])
      }
    }
    return nil
  }

  /// Whether both ended in the same way at the same place, and nothing in both records differs.
  package var agrees: Bool { first == nil && endsAlike }

  /// Whether both ended in the same way at the same place.
  var endsAlike: Bool {
    left.points.last?.place == right.points.last?.place && left.ending == right.ending
  }
}
