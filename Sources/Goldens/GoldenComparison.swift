import EscapementArtifacts
import EscapementDrawing
import EscapementKernels

/// The result of comparing a computation with its record.
package enum GoldenOutcome: Hashable, Sendable {
  /// All values agree.
  case same(count: Int)
  /// The values differ in this way.
  case differs(GoldenComparison)
  /// There is no record.
  case missing

  /// Whether all values agree.
  package var agrees: Bool { if case .same = self { true } else { false } }

  /// The contract of the record, if it is not the one in force; then nothing else was compared.
  package var otherContract: NumericContract? {
    if case .differs(let comparison) = self { comparison.otherContract } else { nil }
  }
}

/// One way in which a computation differs from its record. Each is reported on its own line.
package enum GoldenFailure: Hashable, Sendable {
  /// The record was made under another numeric contract: its values differ by rounding and are not compared.
  case contract(recorded: NumericContract, found: NumericContract)
  /// The record was made from something else: other data or another recipe.
  case stale(key: String, recorded: String?, found: String?)
  /// The two lists of values have different lengths.
  case length(recorded: Int, found: Int)
  /// Recorded values that were not computed.
  case missingKeys([String])
  /// Computed values that are not recorded.
  case extraKeys([String])
  /// The same names in another order; the first position that differs.
  case order(index: Int, recorded: String, found: String)
  /// Values of the same name that do not agree, and the first of them.
  case values(count: Int, of: Int, first: GoldenDifference)

  /// One readable line.
  package var text: String {
    switch self {
    case .contract(let recorded, let found):
      "another contract: the record was made under contract \(recorded), this is contract \(found)"
    case .stale(let key, let recorded, let found):
      "stale: the record was made with \(key) \(recorded ?? "(none)"), the case now has \(found ?? "(none)")"
    case .length(let recorded, let found): "length: \(recorded) values on record, \(found) computed"
    case .missingKeys(let names):
      "missing keys: \(names.count) on record and not computed: \(Self.list(names))"
    case .extraKeys(let names): "extra keys: \(names.count) computed and not on record: \(Self.list(names))"
    case .order(let index, let recorded, let found):
      "order: value \(index + 1) is \(recorded) on record, \(found) was computed"
    case .values(let count, let total, let first): "values: \(count) of \(total) differ, first \(first.text)"
    }
  }

  private static func list(_ names: [String]) -> String {
    names.prefix(4).joined(separator: ", ") + (names.count > 4 ? ", …" : "")
  }
}

/// A comparison of a computation with its record, if the two differ.
package struct GoldenComparison: Hashable, Sendable {
  /// The failures; those of the record as a whole come first.
  package let failures: [GoldenFailure]
  /// The first difference.
  package let first: GoldenDifference
  /// The steps of the record (A) compared with the computed ones (B), if both have any.
  package let trace: TraceComparison?

  /// Compares values computed under the contract in force with a record; nil if they agree.
  package init?(_ values: [GoldenValue], provenance: [String: String], with record: GoldenRecord) {
    let contract = NumericContract.current
    guard record.contract == contract else {
      failures = [.contract(recorded: record.contract, found: contract)]
      first = GoldenDifference(
        index: nil, name: NumericContract.key, recorded: "\(record.contract)", found: "\(contract)",
        ulps: nil,
        agreeing: 0)
      trace = nil
      return
    }
    let first = GoldenDifference(of: values, provenance: provenance, from: record)
    guard let first else { return nil }
    self.first = first
    failures = Self.failures(values, provenance, record)
    let comparison = TraceComparison(
      Trace(golden: record.values, provenance: record.provenance),
      Trace(golden: values, provenance: provenance))
    trace = comparison.places.isEmpty ? nil : comparison
  }

  /// The contract of the record, if it is not the one in force; then nothing else was compared.
  package var otherContract: NumericContract? {
    if case .contract(let recorded, _)? = failures.first { recorded } else { nil }
  }

  private static func failures(
    _ values: [GoldenValue], _ provenance: [String: String], _ record: GoldenRecord
  ) -> [GoldenFailure] {
    var failures: [GoldenFailure] = []
    for key in Set(provenance.keys).union(record.provenance.keys).sorted()
    where provenance[key] != record.provenance[key] {
      failures.append(.stale(key: key, recorded: record.provenance[key], found: provenance[key]))
    }
    if record.values.count != values.count {
      failures.append(.length(recorded: record.values.count, found: values.count))
    }
    let computed = Dictionary(values.map { ($0.name, $0) }) { first, _ in first }
    let recorded = Set(record.values.map(\.name))
    let missing = record.values.map(\.name).filter { computed[$0] == nil }
    let extra = values.map(\.name).filter { !recorded.contains($0) }
    if !missing.isEmpty { failures.append(.missingKeys(missing)) }
    if !extra.isEmpty { failures.append(.extraKeys(extra)) }
    if missing.isEmpty, extra.isEmpty,
      let index = record.values.indices.first(where: { record.values[$0].name != values[$0].name })
    {
      failures.append(
        .order(index: index, recorded: record.values[index].name, found: values[index].name))
    }
    let differing = record.values.enumerated().filter { _, value in
      computed[value.name].map { !value.accepts($0) } ?? false
    }
    if let (index, value) = differing.first, let found = computed[value.name] {
      failures.append(
        .values(
          count: differing.count, of: record.values.count - missing.count,
          first: GoldenDifference(index: index, recorded: value, found: found)))
    }
    return failures
  }

  /// One whole line per failure, then, if steps are recorded, the ladder and the series around the first divergent step.
  package var lines: [String] { lines(in: .wide) }

  /// The same in a layout.
  package func lines(in layout: TextLayout) -> [String] {
    failures.map { layout.wrapped($0.text) }
      + (trace.map { ["", "A is the record, B what was computed"] + $0.lines(in: layout) } ?? [])
  }

  /// The comparison as JSON.
  package var json: JSON {
    ["failures": .array(failures.map { .string($0.text) }), "trace": trace?.json ?? .null]
  }
}
