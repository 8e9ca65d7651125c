extension Trace {
  /// The steps of a golden training case, from values named as `GoldenCase.training` names them ("step 3 loss") or from
  /// series named by their quantity ("loss", one number per step). Values with other names are ignored. Without any
  /// such value there are no steps to compare.
  init(golden values: [GoldenValue], provenance: [String: String]) {
    var start = TracePoint(TracePlace(step: 0, kind: .step))
    if let train = provenance["train"] { start.values[.trainingImages] = .text(train) }
    digestEvery = 1
    var order: TraceValue?
    for value in values {
      let words = value.name.split(separator: " ").map(String.init)
      if value.name == "initial parameters" {
        start.values[.initialParameters] = value.traceValue
      } else if value.name == "tensors", case .text(let names) = value.content {
        tensorNames = names.split(separator: " ").map(String.init)
      } else if words.count == 3, words[0] == "epoch", words[2] == "order" {
        order = value.traceValue
      } else if case .series(let numbers, let bytes) = value.content,
        let quantity = TraceQuantity(rawValue: value.name)
      {
        while points.count < numbers.count {
          points.append(TracePoint(TracePlace(step: points.count + 1, kind: .step)))
        }
        for (index, bits) in numbers.enumerated() {
          points[index].values[quantity] = .number(GoldenValue.number(bits, bytes: bytes))
        }
      } else if words.count > 2, words[0] == "step", let step = Int(words[1]), step > 0 {
        // If series come first, the point exists already.
        let index = points.lastIndex { $0.place.step == step } ?? points.count
        if index == points.count {
          points.append(TracePoint(TracePlace(step: step, kind: .step)))
          points[index].values[.order] = order
          order = nil
        }
        let name = words.dropFirst(2).joined(separator: " ")
        if name == "tensors", case .text(let checksums) = value.content {
          points[index].tensors = checksums.split(separator: " ").map(String.init)
        } else if let quantity = TraceQuantity(rawValue: name) {
          points[index].values[quantity] = value.traceValue
        }
      }
    }
    points.insert(start, at: 0)
  }
}

extension Trace {
  /// The values of a finished run, from which `init(golden:provenance:)` restores the same steps; nil if a step or its
  /// digest is missing, or if the run did not finish.
  package var goldenValues: [GoldenValue]? {
    let steps = points.filter { $0.place.kind == .step && $0.place.step > 0 }
    guard ending == nil, !steps.isEmpty, steps.map(\.place.step) == Array(1...lastStep),
      points.last?.place.kind == .epoch
    else { return nil }
    var values: [GoldenValue] = []
    if case .text(let digest)? = points[0].values[.initialParameters] {
      values.append(GoldenValue(name: "initial parameters", content: .text(digest)))
    }
    for quantity in TraceQuantity.allCases {
      let numbers = steps.compactMap { $0.values[quantity]?.double }
      if numbers.count == steps.count { values.append(.series(quantity.rawValue, numbers)) }
    }
    for step in steps {
      guard case .text(let digest)? = step.values[.digest] else { return nil }
      values.append(GoldenValue(name: "step \(step.place.step) digest", content: .text(digest)))
    }
    for (epoch, point) in points.filter({ $0.place.kind == .epoch }).enumerated() {
      guard let correct = point.values[.testCorrect]?.double else { return nil }
      values.append(.integer("epoch \(epoch) test correct", Int(correct)))
    }
    return values
  }
}

extension GoldenValue {
  fileprivate var traceValue: TraceValue {
    switch content {
    case .bits(let bits, let bytes), .ulps(let bits, let bytes, _, _):
      .number(GoldenValue.number(bits, bytes: bytes))
    case .integer(let value): .number(Double(value))
    case .text(let text): .text(text)
    case .series(let numbers, let bytes): .text("\(numbers.map { GoldenValue.number($0, bytes: bytes) })")
    case .near(let value, _, _), .relative(let value, _, _): .number(value)
    case .sample(let values, _, _): .text("\(values)")
    }
  }
}
