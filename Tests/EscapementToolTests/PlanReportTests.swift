import Artifacts
import CKernels
import Foundation
import Testing
import Training
import Verification

@testable import EscapementTool

@Suite("The time that a plan predicts")
struct PlanReportTests {
  @Test("a step costs what its clock says: one untimed, the shorter of two, one pass over test pictures")
  func calibration() throws {
    var readings = [10.0, 11, 20, 22.5, 30, 31.5, 40, 40.25].makeIterator()
    var calibration = StepCalibration(clock: { readings.next() ?? .nan })
    var recipe = try Recipe.preset("fixture/ce-sam")
    recipe.batchSize = 4
    let cost = try calibration.cost(of: recipe)
    #expect(cost.step == 1.5 && cost.testPicture == 0.25 / 4, "\(cost)")
    #expect(try calibration.cost(of: recipe) == cost && readings.next() == nil, "measured once")
  }

  @Test("the clock of steps is the CPU time of the whole process, not the time on the wall")
  func clockOfSteps() {
    func direct() -> Double {
      var time = timespec()
      clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
      return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
    }
    let before = direct()
    let read = StepCalibration.processSeconds()
    #expect(before <= read && read <= direct())
  }

  @Test("CPU time is divided by the threads, or by the cores and the quota that they share")
  func quietCores() {
    func seconds(_ threads: Int, _ allowed: Int32, _ quota: Double) -> Double {
      QuietCores(threads: threads, limits: ek_cores(online: 8, allowed: allowed, quota: quota)).seconds(12)
    }
    #expect(seconds(1, 8, 0) == 12 && seconds(2, 8, 0) == 6 && seconds(8, 2, 0) == 6)
    #expect(seconds(2, 8, 1.5) == 8 && seconds(1, 8, 1.5) == 12 && seconds(1, 1, 0.5) == 24)
  }

  @Test("a plan says both times, how many threads divide them, and what it assumes")
  func plan() throws {
    let result = try ToolProcess.run(
      ["verify", "P1", "--plan", "--json"], environment: ["ESCAPEMENT_THREADS": "2"])
    #expect(result.status == 0, "\(result.errors)")
    let totals = try #require(
      try JSON(parsing: Data(result.output.utf8), file: "standard output")["totals"])
    let cores = QuietCores(threads: 2, limits: ek_cores_available())
    let cpu = try #require(totals["cpu_seconds"]?.double)
    #expect(cpu > 0 && totals["seconds"]?.double == cores.seconds(cpu))
    #expect(totals["threads"]?.integer == 2)
    let basis = totals["basis"]?.string ?? ""
    #expect(basis.contains("CPU time") && basis.contains("divided by 2 threads"), "\(basis)")
    #expect(basis.contains("quiet cores"))
  }
}
