import EscapementArtifacts
import Foundation
import Testing

@testable import EscapementVerification

@Suite("Plans of sweeps that fuzzing found interesting")
struct HostilePlanTests {
  @Test("a plan is read and comes back as it is, or is refused with one line that names the file")
  func plans() throws {
    let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
      "../../Fuzz/corpus/sweep")
    func plan(_ rows: Data, _ name: String) throws -> SweepManifest {
      let record: JSON = ["schema": 1, "version": "1", "rows_sha256": .string(Digest(of: rows).hex)]
      return try SweepManifest(parsing: rows, file: name, record: JSONCursor(record, file: name))
    }
    var count = 0
    for name in try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() {
      do {
        let read = try plan(FileContents.read(directory.appendingPathComponent(name)), name)
        #expect(try plan(Data(read.csv.utf8), name) == read)
        count += 1
      } catch let error as DataError {
        let text = error.description
        #expect(text.hasPrefix(name) && !text.contains("\n") && text.utf8.count < 4096, "\(name): \(text)")
      }
    }
    #expect(count > 0)
  }
}
