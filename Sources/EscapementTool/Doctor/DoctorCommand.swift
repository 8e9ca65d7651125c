import EscapementFixtures
import ArgumentParser
import EscapementArtifacts
import EscapementCurvature
import EscapementDrawing
import CEscapementKernels
import Foundation
import EscapementKernels
import EscapementLongTail
import EscapementTraining

/// `escapement doctor`: the features of this machine, and whether its execution paths give the same bits.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract:
      "Shows toolchain, libraries and instruction sets, and checks the fixture and that all paths give the same bits.",
    discussion: """
      Exit code 1 when two paths differ.

      Example: escapement doctor
      """)

  @Flag(help: "Print one JSON object.") var json = false
  @OptionGroup var tables: TableOptions

  func run() throws {
    let threads = Int(ek_threads_current())
    let agreement = KernelAgreement(threads: max(threads, 2))
    let fixture = try FixtureStore.ten.load()
    if json { printObject(threads, agreement, fixture) } else { printText(threads, agreement, fixture) }
    guard agreement.agrees else {
      for path in agreement.paths {
        guard let operation = path.firstDifference else { continue }
        Console.error("\(path.isa) with \(path.threads) threads differs from scalar, first in \(operation)")
      }
      throw ExitCode(ExitStatus.differs.rawValue)
    }
  }

  /// The source of the number of threads: "cores", "affinity", "quota" or "ESCAPEMENT_THREADS".
  private var threadsSource: String { String(cString: ek_threads_source_name(ek_threads_current_source())) }

  /// The source with the excluded cores: "affinity: 1 of 8 cores".
  private var threadsReason: String {
    let cores = ek_cores_available()
    return switch ek_threads_current_source() {
    case EK_THREADS_CORES: "every core"
    case EK_THREADS_AFFINITY: "affinity: \(cores.allowed) of \(cores.online) cores"
    case EK_THREADS_QUOTA:
      "CPU quota: \(EpochLine.fixed(cores.quota, 2)) of \(cores.allowed) cores, rounded up"
    default: threadsSource
    }
  }

  private var currentISA: String { String(cString: ek_isa_name(ek_isa_current())) }

  /// The contract in force, and the reason if it is not the default.
  private var contract: String {
    let asked = ProcessInfo.processInfo.environment["ESCAPEMENT_CONVOLUTION"] ?? ""
    return "\(NumericContract.current)" + (asked.isEmpty ? "" : ", as ESCAPEMENT_CONVOLUTION=\(asked) is set")
  }

  private func printText(_ threads: Int, _ agreement: KernelAgreement, _ fixture: FixturePair) {
    var facts = TextTable()
    facts.rows = [
      ["built with", "\(Toolchain.builtWith), \(Toolchain.configuration)"],
      ["toolchain", Toolchain.onPath ?? "no swift on PATH"],
    ]
    facts.rows += LinkedLibraries.versions.map { [$0.name, $0.version] }
    facts.rows += [
      ["numeric contract", contract],
      ["path used", "\(currentISA), \(threads) threads (\(threadsReason))"],
      ["product memory", "up to \(HessianOperator<Float>.memory >> 30) GiB"],
      [
        "fixture",
        "\(FixtureStore.name), \(EmbeddedFixture.locate() == nil ? "drawn again" : "read from its files")",
      ],
      ["  train", "\(fixture.train.count) images, SHA-256 \(fixture.train.provenance.digest.hex)"],
      ["  test", "\(fixture.test.count) images, SHA-256 \(fixture.test.provenance.digest.hex)"],
    ]
    Console.print(facts, in: tables.layout)
    Console.print("")
    var table = TextTable(
      heading: ["path", "threads", "bits (SHA-256)", "outcome"], rightAligned: [1], outcomes: [3])
    table.rows = agreement.paths.map { path in
      [
        path.isa, String(path.threads), String(path.digest.hex.prefix(16)),
        path.firstDifference.map { "differs in \($0)" } ?? "agrees",
      ]
    }
    Console.print(table, in: tables.layout)
  }

  private func printObject(_ threads: Int, _ agreement: KernelAgreement, _ fixture: FixturePair) {
    let libraries = LinkedLibraries.versions.map { ($0.name, JSON.string($0.version)) }
    let paths = agreement.paths.map { path in
      JSON.object([
        "isa": .string(path.isa), "threads": .integer(path.threads), "digest": .string(path.digest.hex),
        "differsIn": .optional(path.firstDifference),
      ])
    }
    let cores = ek_cores_available()
    Console.output(
      .object([
        "agrees": .bool(agreement.agrees),
        "builtWith": .string(Toolchain.builtWith),
        "configuration": .string(Toolchain.configuration),
        "cores": [
          "online": .integer(Int(cores.online)), "allowed": .integer(Int(cores.allowed)),
          "quota": cores.quota > 0 ? .number(cores.quota) : .null,
        ],
        NumericContract.key: NumericContract.current.json,
        "currentISA": .string(currentISA),
        "fixture": [
          "name": .string(FixtureStore.name), "train": .string(fixture.train.provenance.digest.hex),
          "test": .string(fixture.test.provenance.digest.hex),
        ],
        "memory": .integer(HessianOperator<Float>.memory),
        "libraries": .object(Dictionary(uniqueKeysWithValues: libraries)),
        "paths": .array(paths),
        "threads": .integer(threads),
        "threadsSource": .string(threadsSource),
        "toolchain": .optional(Toolchain.onPath),
      ]))
  }
}
