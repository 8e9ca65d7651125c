import EscapementDrawing
import EscapementArtifacts
import EscapementKernels
import EscapementTraining

extension VerificationRecord {
  /// The version of the JSON report's layout.
  package static let schema = 2

  /// The whole record as canonical JSON: the same bytes for the same verdicts.
  ///
  /// Numbers have their bits and a decimal. Numbers from LAPACK are rounded to four digits and have no bits.
  package func json() -> JSON {
    .object([
      "schema": .integer(Self.schema), "compared": .bool(compared), "exit": .integer(Int(exitCode)),
      NumericContract.key: contract.json, "compared_contract": comparedContract?.json ?? .null,
      "tally": .object(
        Dictionary(
          uniqueKeysWithValues: kinds.map { kind in
            let counts = tally(of: kind).map { ($0.outcome, JSON.integer($0.count)) }
            return (kind.rawValue, .object(Dictionary(uniqueKeysWithValues: counts)))
          })),
      "claims": .array(entries.map(\.json)), "tree": .array(tree.map(\.json)),
      "unrecorded": .array(unrecorded.map { .string($0) }),
      "changes": .array(
        changes.map { change in
          .object([
            "id": .string(change.id), "before": change.before.map { $0.outcome.json } ?? .null,
            "after": change.after.outcome.json,
          ])
        }),
    ])
  }
}

extension VerificationRecord.Entry {
  var json: JSON {
    .object([
      "id": .string(claim.id), "tier": .string(claim.tier.rawValue), "kind": .string(claim.kind.rawValue),
      "quote": .optional(claim.quote), "family": .optional(claim.family),
      "assumptions": .array(claim.assumptions.map { .string($0) }),
      "source": .object(["paper": .string(claim.source.paper), "place": .string(claim.source.place)]),
      "statement": .string(claim.statement), "refutedBy": .string(claim.refutedBy),
      "procedure": .string(claim.procedure), "outcome": verdict.outcome.json,
      "branch": .string(ClaimTree.path(to: claim.leaf)), "weight": .integer(claim.weight.rawValue),
      "summary": .string(verdict.summary), "details": .array(verdict.details.map { .string($0) }),
      "measurements": .array(verdict.measurements.map(\.json)),
      "provenance": .object([
        "variant": .string(provenance.variant), "seed": .string(String(provenance.seed)),
        "procedureVersion": .integer(provenance.procedureVersion),
      ]), "command": .string(command),
    ])
  }
}

extension Outcome {
  var json: JSON {
    var fields: [String: JSON] = ["name": .string(name)]
    if let qualifier { fields["qualifier"] = .string(qualifier) }
    return .object(fields)
  }
}

extension Measurement {
  var json: JSON {
    var fields: [String: JSON] = [
      "name": .string(name), "value": number(value, rounded: NumberText.rounded), "unit": .string(unit),
      "reason": .string(reason),
      "holds": holds.map { .bool($0) } ?? .null, "reproducibility": .string(reproducibility.rawValue),
    ]
    switch expectation {
    case .equal(let expected, let tolerance):
      fields["expected"] = number(expected)
      fields["tolerance"] = number(tolerance)
    case .atMost(let bound): fields["atMost"] = number(bound)
    case .atLeast(let bound): fields["atLeast"] = number(bound)
    case .between(let lower, let upper):
      fields["atLeast"] = number(lower)
      fields["atMost"] = number(upper)
    case .observed: break
    }
    return .object(fields)
  }

  private func number(
    _ number: Double, rounded: (Double) -> String = NumberText.coarse
  ) -> JSON {
    switch reproducibility {
    case .bits: .object(["bits": .string(HexFloat.string(number)), "decimal": .number(number)])
    case .rounded: .object(["decimal": .string(rounded(number))])
    }
  }
}
