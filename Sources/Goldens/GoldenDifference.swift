/// The first place where a computation differs from its record.
package struct GoldenDifference: Hashable, Sendable {
  /// The position in the case's list, from 0; nil when the provenance differs.
  package var index: Int?
  /// The name of the value; the recorded name if there is one.
  package var name: String
  /// The recorded value; nil when the record ended earlier.
  package var recorded: String?
  /// The computed value; nil when the computation ended earlier.
  package var found: String?
  /// The distance between the two, in representable numbers.
  package var ulps: UInt64?
  /// The number of values that agree before it.
  package var agreeing: Int

  /// One readable line.
  package var text: String {
    let place = index.map { "value \($0 + 1), " } ?? ""
    let distance = ulps.map { ", \(UlpDistance.text($0))" } ?? ""
    return "\(place)\(name): on record \(recorded ?? "nothing"), computed \(found ?? "nothing")\(distance); "
      + "\(agreeing) values before it agree"
  }
}

extension GoldenDifference {
  /// The difference of two values of one name; for two series, the first number that differs, counted from 1.
  init(index: Int, recorded: GoldenValue, found: GoldenValue) {
    var (left, right) = (recorded, found)
    if case .series(let a, let bytes) = recorded.content, case .series(let b, bytes) = found.content,
      let place = zip(a, b).enumerated().first(where: { $1.0 != $1.1 })?.offset
    {
      left = GoldenValue(
        name: "\(recorded.name), number \(place + 1)", content: .bits(a[place], bytes: bytes))
      right = GoldenValue(name: left.name, content: .bits(b[place], bytes: bytes))
    }
    self.init(
      index: index, name: left.name, recorded: left.text, found: right.text, ulps: left.ulps(to: right),
      agreeing: index)
  }

  /// The first difference between computed values and a record: provenance first, then the values in order; nil if
  /// there is none.
  init?(of values: [GoldenValue], provenance: [String: String], from record: GoldenRecord) {
    for key in Set(provenance.keys).union(record.provenance.keys).sorted()
    where provenance[key] != record.provenance[key] {
      self.init(
        index: nil, name: "provenance \(key)", recorded: record.provenance[key], found: provenance[key],
        ulps: nil, agreeing: 0)
      return
    }
    for index in 0..<max(values.count, record.values.count) {
      let recorded = index < record.values.count ? record.values[index] : nil
      let found = index < values.count ? values[index] : nil
      if let recorded, let found, recorded.accepts(found) { continue }
      if let recorded, let found, recorded.name == found.name {
        self.init(index: index, recorded: recorded, found: found)
        return
      }
      let renamed = recorded?.name != found?.name
      self.init(
        index: index, name: (recorded ?? found)!.name, recorded: recorded?.text,
        found: found.map { renamed && recorded != nil ? "\($0.name) \($0.text)" : $0.text },
        ulps: found.flatMap { recorded?.ulps(to: $0) }, agreeing: index)
      return
    }
    return nil
  }
}
