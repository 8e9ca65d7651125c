import EscapementArtifacts
import Foundation
import Testing
import EscapementTraining

@Suite("One process writes to a run directory at a time")
struct RunLockTests {
  @Test("a second writer is told who holds it, a reader is not kept waiting, the end removes the lock")
  func twoWriters() throws {
    try inDirectory { parent in
      let tiny = TinyRun(epochs: 1)
      let run = RunDirectory(parent.appendingPathComponent("run"))
      #expect(try run.holder() == nil)
      var asked = 0
      try tiny.trainer.run(
        in: run,
        observer: { event in
          guard case .step = event, asked == 0 else { return }
          asked += 1
          // Locks of a description exclude another one of the same process as well.
          for resume in [true, false] {
            let held = #expect(throws: RunHeld.self) { try tiny.trainer.run(in: run, resume: resume) }
            #expect(held?.holder.pid == Int(getpid()) && held?.exitCode == 69)
            #expect(held?.description.contains("process \(getpid()) on ") == true)
          }
          #expect((try? run.holder())?.pid == Int(getpid()))
          #expect((try? run.recipe()) == tiny.recipe)
        })
      #expect(asked == 1)
      #expect(try run.holder() == nil)
      #expect(!FileManager.default.fileExists(atPath: run.lockFile.path))
    }
  }

  @Test(
    "a lock file that a killed process left holds nobody up; one that was removed meanwhile counts for nothing"
  )
  func leftover() throws {
    try inDirectory { parent in
      let run = RunDirectory(parent)
      try Data(#"{"host": "gone", "pid": 1, "started": "then"}"#.utf8).write(to: run.lockFile)
      #expect(try run.holder() == nil)
      let first = try RunLock(run)
      #expect(try run.holder()?.pid == Int(getpid()))
      try FileManager.default.removeItem(at: run.lockFile)
      let second = try RunLock(run)
      // Its file is the second's by now.
      first.release()
      #expect(try run.holder() != nil)
      second.release()
      #expect(try run.holder() == nil)
      for text in ["", "{", "[]"] {
        let third = try RunLock(run)
        try Data(text.utf8).write(to: URL(fileURLWithPath: run.lockFile.path), options: [])
        let held = #expect(throws: RunHeld.self) { try RunLock(run) }
        #expect(held?.holder.host == "an unknown host")
        third.release()
      }
    }
  }
}
