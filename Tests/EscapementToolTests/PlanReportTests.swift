import EscapementArtifacts
import CEscapementKernels
import Foundation
import Testing
import EscapementTraining
import EscapementVerification

@testable import EscapementTool

@Suite("The time that a plan predicts")
struct PlanReportTests {
  @Test("a step costs what its clock says: one untimed, the shorter of two, one pass over test images")
  func calibration() throws {
    var readings = [10.0, 11, 20, 22.5, 30, 31.5, 40, 40.25].makeIterator()
    var calibration = StepCalibration(clock: { readings.next() ?? .nan })
    var recipe = try Recipe.preset("fixture/ce-sam")
    recipe.batchSize = 4
    let cost = try calibration.cost(of: recipe)
    // A step of SAM is two gradients, the two passes of its rule.
    #expect(cost.evaluation == 1.5 / 2 && cost.testImage == 0.25 / 4, "\(cost)")
    #expect(cost.productImage == nil)
    #expect(try calibration.cost(of: recipe) == cost && readings.next() == nil, "measured once")
  }

  @Test("a rule that asks for a second gradient in some steps alone is timed by the gradient")
  func gradientsOfLookSAM() throws {
    // Untimed, then two steps of one gradient each, between the multiples of 5 that have two.
    var readings = [0.0, 8, 10, 11.5, 20, 21, 30, 30.5].makeIterator()
    var calibration = StepCalibration(clock: { readings.next() ?? .nan })
    var recipe = try Recipe.preset("fixture/ce-sam")
    recipe.batchSize = 4
    recipe.optimizer = .lookSAM(rho: .constant(0.1), period: 5, alpha: 0.7)
    #expect(try calibration.cost(of: recipe).evaluation == 1)
    #expect(recipe.optimizer.evaluations(steps: 1000, after: 0) == 1200)
  }

  @Test(
    "a Hessian product costs what its clock says, an image, and is measured once where spectra are asked for"
  )
  func products() throws {
    var readings = [0.0, 1, 2, 3, 4, 5, 6, 7, 10, 12].makeIterator()
    var calibration = StepCalibration(clock: { readings.next() ?? .nan })
    var recipe = try Recipe.preset("fixture/ce")
    recipe.batchSize = 4
    var measured: [String] = []
    let cost = try calibration.cost(of: recipe, withProducts: true) { measured.append($0) }
    #expect(cost.productImage == 2.0 / 4 && cost.evaluation == 1)
    #expect(try calibration.cost(of: recipe, withProducts: true) { measured.append($0) } == cost)
    #expect(measured.count == 2 && measured[0].hasPrefix("step of ") && measured[1].hasPrefix("product of "))
    #expect(readings.next() == nil, "measured once")
  }

  @Test("speeds are remembered for seven days, by machine, and renewed when that is asked for")
  func memory() throws {
    try ToolProcess.withDirectory { directory in
      let file = directory.appendingPathComponent("new/escapement/speed.json")
      var now = 1_000_000.0
      var recipe = try Recipe.preset("fixture/ce")
      recipe.batchSize = 4
      /// The cost of a gradient where a timed step takes `seconds`.
      func evaluation(_ seconds: Double, again: Bool = false, on machine: String = "m") throws -> Double {
        let time = now
        var reading = 0.0
        let memory = SpeedMemory(file: file, machine: machine, now: { time })
        var calibration = StepCalibration(
          clock: {
            reading += seconds
            return reading
          }, memory: memory, again: again)
        let cost = try calibration.cost(of: recipe)
        #expect(try calibration.cost(of: recipe) == cost, "not measured again twice")
        return cost.evaluation
      }
      #expect(try evaluation(1) == 1 && evaluation(2) == 1)
      #expect(try evaluation(2, on: "another") == 2)
      now += 7 * 86_400
      #expect(try evaluation(3) == 1)
      #expect(try evaluation(4, again: true) == 4 && evaluation(5) == 4)
      now += 7 * 86_400 + 1
      #expect(try evaluation(6) == 6)
      // A clock that was set back.
      now -= 10
      #expect(try evaluation(7) == 7)
      let machine = SpeedMemory.thisMachine
      #expect(machine.contains("contract ") && machine.contains(PackageVersion.current))
    }
  }

  @Test("a memory that cannot be read or written stops nothing")
  func brokenMemory() throws {
    try ToolProcess.withDirectory { directory in
      let contents = [
        "", "[]", #"{"schema": 2, "entries": {}}"#, #"{"schema": 1, "entries": {"a": {"measured": 1}}}"#,
        #"{"schema": 1, "entries": {"a": {"measured": 1, "numbers": {"b": -1}}}}"#,
      ]
      for (index, text) in contents.enumerated() {
        let file = directory.appendingPathComponent("\(index).json")
        try Data(text.utf8).write(to: file)
        var memory = SpeedMemory(file: file, machine: "m", now: { 5 })
        #expect(memory.entries.isEmpty, "\(text)")
        memory.keep(["x": 1], of: "case")
        #expect(SpeedMemory(file: file, machine: "m", now: { 5 }).numbers(of: "case") == ["x": 1])
      }
      // Below a file there is no directory.
      let blocked = directory.appendingPathComponent("0.json/escapement/speed.json")
      var memory = SpeedMemory(file: blocked, machine: "m", now: { 5 })
      memory.keep(["x": 1], of: "case")
      #expect(memory.numbers(of: "case") == ["x": 1])
      #expect(!FileManager.default.fileExists(atPath: blocked.path))

      let bad = directory.appendingPathComponent("escapement")
      try FileManager.default.createDirectory(at: bad, withIntermediateDirectories: true)
      try Data("no JSON".utf8).write(to: bad.appendingPathComponent("speed.json"))
      let result = try ToolProcess.run(
        ["verify", "T1", "--plan"], environment: ["XDG_CACHE_HOME": directory.path])
      #expect(result.status == 0 && result.errorLines.count == 1, "\(result.errors)")
      #expect(result.errors.contains("left aside") && result.errors.contains("speed.json"))
    }
  }

  @Test("without timing a plan only counts; with it the tool remembers")
  func untimed() throws {
    try ToolProcess.withDirectory { directory in
      let environment = ["XDG_CACHE_HOME": directory.path, "ESCAPEMENT_THREADS": "2"]
      let file = directory.appendingPathComponent("escapement/speed.json")
      func totals(_ flags: String...) throws -> JSON {
        let result = try ToolProcess.run(
          ["verify", "S17", "--plan", "--json"] + flags, environment: environment, in: directory)
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        return try #require(try JSON(parsing: Data(result.output.utf8), file: "plan")["totals"])
      }
      let counted = try totals("--no-timing")
      #expect(counted["seconds"] == .null && counted["runs"]?.integer == 5)
      #expect(!FileManager.default.fileExists(atPath: file.path))
      let first = try totals()
      #expect(try #require(first["seconds"]?.double) > 0 && first["runs"] == counted["runs"])
      // To the bit: nothing was measured anew.
      #expect(try totals()["cpu_seconds"] == first["cpu_seconds"])
      #expect(try totals("--measure-again")["cpu_seconds"] != first["cpu_seconds"])
      let text = try ToolProcess.run(
        ["verify", "S17", "--plan", "--no-timing"], environment: environment, in: directory)
      #expect(text.output.contains("Nothing was timed.") && !text.output.contains("time a run"))
      for words in [["--no-timing"], ["--measure-again"], ["--plan", "--no-timing", "--measure-again"]] {
        let refused = try ToolProcess.run(["verify", "S17"] + words, environment: environment)
        #expect(refused.status == 64 && refused.errorLines.count == 1, "\(words): \(refused.errors)")
      }
    }
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
    let output = try ToolProcess.withDirectory { directory in
      let result = try ToolProcess.run(
        ["verify", "H1", "--plan", "--json"],
        environment: ["ESCAPEMENT_THREADS": "2", "XDG_CACHE_HOME": directory.path], in: directory)
      #expect(result.status == 0, "\(result.errors)")
      return try JSON(parsing: Data(result.output.utf8), file: "standard output")
    }
    let totals = try #require(output["totals"])
    let request = try #require(output["requests"]?.array?.first)
    let spectra = try #require(request["spectrum_cpu_seconds"]?.double)
    let whole = try #require(request["cpu_seconds"]?.double)
    #expect(spectra > 0 && whole > spectra)
    #expect(request["spectra"]?.integer == 2)
    let cores = QuietCores(threads: 2, limits: ek_cores_available())
    let cpu = try #require(totals["cpu_seconds"]?.double)
    #expect(cpu > 0 && totals["seconds"]?.double == cores.seconds(cpu))
    #expect(totals["threads"]?.integer == 2)
    let basis = totals["basis"]?.string ?? ""
    #expect(basis.contains("CPU time") && basis.contains("divided by 2 threads"), "\(basis)")
    #expect(basis.contains("quiet cores"))
  }
}
