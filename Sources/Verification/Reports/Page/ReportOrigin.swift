import CEscapementKernels
import EscapementArtifacts
import EscapementKernels
import Foundation

/// What a report is of and where it was made: version, time, class of machine and papers. The numeric contract belongs to
/// what is reported.
package struct ReportOrigin: Sendable, Hashable {
  /// The papers that the package verifies.
  static let papers =
    "Rangwani et al., NeurIPS 2022 (poster and supplement); SSE-SAM, AAAI 2025 (arXiv 2412.13715)"

  /// The package version that writes the report.
  package let version: String
  /// The time in UTC, as in ISO 8601 without fractions of seconds.
  package let time: String
  /// Architecture, instruction set and threads, on which no result depends.
  package let machine: String

  /// An origin from its parts.
  package init(version: String, time: String, machine: String) {
    (self.version, self.time, self.machine) = (version, time, machine)
  }

  /// This version, on this machine, now. The time is for the reader of a page: no record, digest or verdict has it.
  package static var current: ReportOrigin {
    var name = utsname()
    uname(&name)
    let architecture = withUnsafeBytes(of: &name.machine) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    let threads = ek_threads_current()
    return ReportOrigin(
      version: PackageVersion.current, time: Date().ISO8601Format(),
      machine: "\(architecture), \(String(cString: ek_isa_name(ek_isa_current()))), "
        + "\(threads) \(threads == 1 ? "thread" : "threads")")
  }

  /// Names and values in the order of reports; `contract` is that of what is reported.
  func facts(contract: String) -> [(name: String, value: String)] {
    [
      ("escapement", version), ("written", time), ("machine", machine), ("numeric contract", contract),
      ("papers", Self.papers),
    ]
  }

  /// The facts in one line.
  func line(contract: String) -> String {
    facts(contract: contract).map { "\($0.name) \($0.value)" }.joined(separator: " · ")
  }
}
