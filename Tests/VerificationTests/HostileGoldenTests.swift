@testable import EscapementGoldens
import EscapementArtifacts
import Foundation
import Testing
import EscapementVerification

@Suite("Goldens that fuzzing found interesting")
struct HostileGoldenTests {
  @Test("a golden is read and comes back as it is, or is refused with one line")
  func goldens() throws {
    let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
      "../../Fuzz/corpus/golden")
    var count = 0
    for name in try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() {
      do {
        let json = try JSON(
          parsing: FileContents.read(directory.appendingPathComponent(name)), file: name)
        let record = try GoldenRecord(json: json, file: name)
        #expect(try GoldenRecord(json: record.json, file: name) == record)
        count += 1
      } catch let error as DataError {
        #expect(!error.description.contains("\n") && error.description.utf8.count < 4096, "\(name)")
      }
    }
    #expect(count > 0)
  }
}
