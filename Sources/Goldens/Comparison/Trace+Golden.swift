extension Trace {
  /// The steps of a golden training case, from values named as `GoldenCase.training` names them ("step 3 loss") or from
  /// series named by what they hold ("loss", one number a step); values of other names are no part of it. Without any such value there are no steps to compare.
  init(golden values: [GoldenValue], provenance: [String: String]) {
    var start = TracePoint(TracePlace(step: 0, kind: .step))
    if let train = provenance["train"] { start.values[.trainingPictures] = .text(train) }
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
        if points.last?.place.step != step {
          points.append(TracePoint(TracePlace(step: step, kind: .step)))
          points[points.count - 1].values[.order] = order
          order = nil
        }
        let name = words.dropFirst(2).joined(separator: " ")
        if name == "tensors", case .text(let checksums) = value.content {
          points[points.count - 1].tensors = checksums.split(separator: " ").map(String.init)
        } else if let quantity = TraceQuantity(rawValue: name) {
          points[points.count - 1].values[quantity] = value.traceValue
        }
      }
    }
    points.insert(start, at: 0)
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
