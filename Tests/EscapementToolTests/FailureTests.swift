import EscapementArtifacts
import Foundation
import Testing

@testable import EscapementTool

@Suite("Any error becomes one line and one exit code")
struct FailureTests {
  private struct Unforeseen: Error, CustomStringConvertible {
    let description = "first\nsecond\u{1B}[31m"
  }

  @Test("errors that carry an exit code keep it")
  func reported() {
    let data = DataError(file: "a.bin", place: "record 3", found: "label 255", expected: "0 to 9")
    #expect(Failure(data).status == ExitStatus.badData.rawValue)
    #expect(Failure(data).line == data.description)
    #expect(Failure(MissingError(what: "DIR", advice: "make it")).status == ExitStatus.missing.rawValue)
    #expect(Failure(ToolError.interrupted("stopped")).status == ExitStatus.interrupted.rawValue)
  }

  @Test("what nobody foresaw is 70, on one line without control characters")
  func unforeseen() {
    let failure = Failure(Unforeseen())
    #expect(failure.status == ExitStatus.internalFailure.rawValue)
    #expect(failure.line == #"internal error: first\nsecond\u{1B}[31m"#)
  }

  @Test("a usage error points to the help of its verb; help itself is output")
  func usage() {
    func failure(_ arguments: [String], running: Bool = false) -> Failure? {
      do {
        var command = try Escapement.parseAsRoot(arguments)
        if running { try command.run() }
        return nil
      } catch {
        return Failure(error, arguments: arguments)
      }
    }
    #expect(failure(["claims", "list"]) == nil)
    let train = failure(["train", "--epochs", "1"])
    #expect(train?.status == 64 && train?.line?.hasSuffix("see 'escapement train --help'") == true)
    let unknown = failure(["tarin"])
    #expect(
      unknown?.status == 64
        && unknown?.line == "no command is called 'tarin' (did you mean train?); see 'escapement --help'")
    let help = failure(["train", "--help"], running: true)
    #expect(help?.status == 0 && help?.line == nil && help?.output?.contains("--preset") == true)
  }
}
