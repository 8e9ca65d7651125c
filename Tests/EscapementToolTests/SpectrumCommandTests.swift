import EscapementArtifacts
import EscapementDrawing
import Foundation
import EscapementLongTail
import EscapementTestSupport
import Testing

@testable import EscapementTool

/// `escapement spectrum` as a user runs it.
@Suite("escapement spectrum")
struct SpectrumCommandTests {
  private func json(_ text: String) throws -> JSON { try JSON(parsing: Data(text.utf8), file: "output") }

  private func trained(in directory: URL) throws -> String {
    let run = directory.appendingPathComponent("run").path
    let result = try ToolProcess.run(["train", "--preset", "fixture/ce", "--epochs", "1", "--out", run])
    #expect(result.status == 0, "\(result.errors)")
    return run
  }

  @Test("a spectrum of a trained run states its checks")
  func spectrum() throws {
    try ToolProcess.withDirectory { directory in
      let run = directory.appendingPathComponent("run").path
      let trained = try ToolProcess.run([
        "train", "--preset", "fixture/ce", "--epochs", "1", "--out", run, "--json",
      ])
      #expect(trained.status == 0, "\(trained.errors)")
      #expect(try json(trained.output)["event"]?.string == "epoch")
      let result = try ToolProcess.run(["spectrum", run, "--class", "9", "--steps", "12", "--json"])
      #expect(result.status == 0, "\(result.errors)")
      let report = try #require(try json(result.output).array?.first)
      #expect(report["samples"]?.integer == 10)
      #expect(report["drift"]?.double == 0, "one fixed operator gives one product")
      let (smallest, largest) = (
        report["smallest"]?["rayleigh"]?.double, report["largest"]?["rayleigh"]?.double
      )
      #expect(try #require(smallest) < #require(largest))
      // 12 vectors orthogonalized twice in Float: a few eps.
      #expect(try #require(report["orthogonality_loss"]?.double) <= 1e-6)
      let tail = try ToolProcess.run([
        "spectrum", run, "--group", "tail", "--loss", "training", "--batch-statistics", "--augmented",
        "--samples", "6", "--steps", "4", "--saddle", "--json", "--landscape",
        directory.appendingPathComponent("tail.svg").path,
      ])
      #expect(tail.status == 0, "\(tail.errors)")
      let saddle = try #require(try json(tail.output).array?.first)
      #expect(saddle["normalization"]?.string == "batch" && saddle["augmented"] == .bool(true))
      #expect(saddle["loss"]?.string == "the training loss of ce")
      #expect(saddle["saddle"]?["excursions"]?.array?.count == 4)
      let drawing = try FileContents.read(directory.appendingPathComponent("tail.svg"))
      #expect(drawing.starts(with: Data("<svg ".utf8)))
      // Six of the set's images, none of them weighted.
      let share = try #require(saddle["in_all"]?["share"]?.double)
      let count = try LongTailedData.fixture().train.count
      #expect(abs(share - 6 / Double(count)) <= Double.ulpOfOne)
      // The released procedure: one matrix where the images rest, another at each product where they do not.
      for (flags, redraws) in [([], false), (["--augmented"], true)] {
        let released = try ToolProcess.run(
          ["spectrum", run, "--class", "9", "--steps", "12", "--mode", "pyhessian", "--json"] + flags)
        #expect(released.status == 0, "\(released.errors)")
        let one = try #require(try json(released.output).array?.first)
        #expect(one["redraws"] == .bool(redraws))
        #expect(try (#require(one["drift"]?.double) > 0) == redraws)
        #expect(try #require(one["smallest"]?.double) < #require(one["largest"]?.double))
      }
      let shown = try ToolProcess.run(
        ["spectrum", run, "--class", "9", "--steps", "4", "--mode", "pyhessian", "--augmented"])
      let header = shown.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      #expect(header.contains("images: cropped and flipped again in each product;"))
      #expect(saddle["split"]?["adds"] == .bool(true))
      let outside = try ToolProcess.run(["spectrum", run, "--class", "10"])
      #expect(outside.status == 64 && outside.errorLines.count == 1)
    }
  }

  @Test("each measurement is kept as it is taken, and not taken again")
  func collection() throws {
    try ToolProcess.withDirectory { directory in
      let run = try trained(in: directory)
      let file = directory.appendingPathComponent("spectra.json")
      let vectors = directory.appendingPathComponent("vectors").path
      let few = ["spectrum", run, "--class", "9", "--steps", "6", "--out", file.path, "--json"]
      let first = try ToolProcess.run(few + ["--probes", "2"])
      #expect(first.status == 0, "\(first.errors)")
      let kept = try json(String(contentsOf: file, encoding: .utf8))
      #expect(try json(first.output) == kept && kept.array?.count == 2)
      // The same again: what is printed comes from the file, which a changed figure shows.
      let marked = try String(contentsOf: file, encoding: .utf8)
        .replacing("\"orthogonality_loss\": ", with: "\"orthogonality_loss\": 7", maxReplacements: 1)
      try Data(marked.utf8).write(to: file)
      let again = try ToolProcess.run(few + ["--probes", "2"])
      #expect(try json(again.output) == json(marked))
      // More asked of one: it is taken anew, in its place.
      for more in [["--saddle"], ["--vectors", vectors, "--saddle"], ["--second-opinion"]] {
        let result = try ToolProcess.run(few + more)
        #expect(result.status == 0, "\(result.errors)")
        let kept = try json(String(contentsOf: file, encoding: .utf8)).array?.first
        #expect(kept?["saddle"]?["loss"] != nil, "\(more)")
      }
      let after = try #require(try json(String(contentsOf: file, encoding: .utf8)).array)
      #expect(after.count == 2 && after[0]["saddle"]?["loss"] != nil)
      #expect(after[0]["alpha"] == kept.array?[0]["alpha"] && after[1]["alpha"] == kept.array?[1]["alpha"])
      let written = try Safetensors(
        contentsOf: URL(fileURLWithPath: vectors).appendingPathComponent("class-9-0-smallest.safetensors"))
      let weights = directory.appendingPathComponent("weights.safetensors")
      #expect(try ToolProcess.run(["weights", "export", run, weights.path]).status == 0)
      let state = try Safetensors(contentsOf: weights)
      for name in written.names { #expect(written.tensors[name]?.shape == state.tensors[name]?.shape) }
      let squares = written.tensors.values.reduce(0.0) { sum, entry in
        entry.data.withUnsafeBytes { $0.bindMemory(to: Double.self).reduce(sum) { $0 + $1 * $1 } }
      }
      // Six Float basis vectors, each of length 1 to (n/32 + 16)·ε₆₄ + 2·ε₃₂ and orthogonal to (6 + 2)·ε₃₂.
      #expect((squares - 1).magnitude <= 20 * Double(Float.ulpOfOne))
      // Another kind of file is not replaced.
      try Data("[{\"a\": 1}]".utf8).write(to: file)
      let refused = try ToolProcess.run(few)
      #expect(refused.status == 65 && refused.errorLines.count == 1, "\(refused.errors)")
      #expect(try String(contentsOf: file, encoding: .utf8) == "[{\"a\": 1}]")
    }
  }

  @Test("an interrupted command keeps what it has, and goes on")
  func interruption() throws {
    try ToolProcess.withDirectory { directory in
      let run = try trained(in: directory)
      let file = directory.appendingPathComponent("spectra.json")
      let command = [
        "spectrum", run, "--all-classes", "--samples", "8", "--steps", "30", "--out", file.path, "--json",
      ]
      let stopped = try ToolProcess.run(command) { process in
        while process.isRunning, !FileManager.default.fileExists(atPath: file.path) { usleep(2000) }
        process.interrupt()
      }
      let lines = stopped.errorLines.filter { $0 != "wrote \(file.path)" }
      #expect(stopped.status == 75 && lines.count == 1, "\(stopped.errors)")
      let kept = try #require(try json(String(contentsOf: file, encoding: .utf8)).array)
      #expect((1..<10).contains(kept.count))
      #expect(try json(stopped.output) == .array(kept))
      let done = try ToolProcess.run(command)
      #expect(done.status == 0, "\(done.errors)")
      let all = try #require(try json(done.output).array)
      #expect(all.count == 10 && Array(all.prefix(kept.count)) == kept)
      #expect(all.allSatisfy { $0["valid"] == .bool(true) })
    }
  }

  @Test("both procedures stand side by side, with probes' masses and traces, and LOBPCG agrees")
  func comparison() throws {
    try ToolProcess.withDirectory { directory in
      let run = try trained(in: directory)
      let result = try ToolProcess.run([
        "spectrum", run, "--classes", "7,9", "--samples", "6", "--steps", "20", "--mode", "compare",
        "--density",
        "--probes", "2", "--second-opinion", "--json",
      ])
      #expect(result.status == 0, "\(result.errors)")
      let records = try #require(try json(result.output).array)
      #expect(records.count == 2 * 2 * 3)
      for label in ["class 7", "class 9"] {
        let own = records.filter { $0["data"]?.string == label }
        #expect(
          own.map { $0["mode"]?.string } == [
            "exact", "pyhessian", "pyhessian", "exact", "pyhessian", "pyhessian",
          ])
        #expect(own.map { $0["redraws"]?.bool } == [false, false, true, false, false, true])
        #expect(own.map { $0["two_passes"] != nil } == [false, false, true, false, false, true])
        // Lanczos on changing images: orthonormal as on fixed ones, and of other matrices.
        let changing = try #require(own[2]["two_passes"])
        let checks = try #require(own[0]["checks"]?.array)
        let bound = try #require(
          checks.first { $0["property"]?.string?.hasPrefix("orthogonality") == true }?["bound"]?.double)
        #expect(try #require(changing["orthogonality_loss"]?.double) <= bound)
        #expect(changing["alpha"]?.array?.count == 20 && changing["alpha"] != own[0]["alpha"])
        let ends = (changing["smallest"]?.double, changing["largest"]?.double)
        let diagonal = try #require(changing["alpha"]?.array).compactMap(\.double)
        #expect(
          try #require(ends.0) < #require(diagonal.min()) && #require(diagonal.max()) < #require(ends.1))
        #expect(own[0]["second_opinion"]?["agrees"] == .bool(true))
        let mass = own[3]["over_probes"]?["negative_mass"]
        let (low, mean, high) = (mass?["low_95"]?.double, mass?["mean"]?.double, mass?["high_95"]?.double)
        #expect(try #require(low) <= #require(mean) && #require(mean) <= #require(high))
        #expect(own[3]["over_probes"]?["trace"]?["hutchinson"]?["count"]?.integer == 20)
        #expect(own[3]["over_probes"]?["trace"]?["hutch++"]?["mean"]?.double != nil)
      }
      let text = try ToolProcess.run([
        "spectrum", run, "--class", "9", "--samples", "6", "--steps", "20", "--mode", "compare",
      ])
      // Wherever its lines end.
      let sentence = text.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      #expect(sentence.contains("statements about no one matrix"))
    }
  }

  @Test("steps follow from a wanted gap, and other matrices than the Hessian have their spectra")
  func stepsAndMatrices() throws {
    try ToolProcess.withDirectory { directory in
      let run = try trained(in: directory)
      func record(_ flags: [String]) throws -> JSON {
        let result = try ToolProcess.run(
          ["spectrum", run, "--class", "9", "--samples", "4", "--json"] + flags)
        #expect(result.status == 0, "\(result.errors)")
        return try #require(try json(result.output).array?.first)
      }
      let wide = try record(["--epsilon", "0.4", "--failure-probability", "0.5"])
      #expect(try #require(wide["relative_gap"]?.double) <= 0.4)
      #expect(try #require(wide["steps"]?.integer) < 20)
      for matrix in ["gauss-newton", "fisher", "remainder"] {
        let r = try record(["--operator", matrix, "--steps", "12"])
        #expect(r["operator"]?.string == matrix && r["valid"] == .bool(true))
        let low = try #require(r["smallest"]?["rayleigh"]?.double)
        let high = try #require(r["largest"]?["rayleigh"]?.double)
        let residual = try #require(r["smallest"]?["residual"]?.double)
        let rounding = try #require(r["smallest"]?["rounding"]?.double)
        // The first two are positive semi-definite; the remainder is what makes a Hessian's eigenvalues negative.
        #expect(matrix == "remainder" ? low < 0 : low >= -residual - rounding, "\(matrix): \(low) … \(high)")
      }
    }
  }

  @Test("a measurement that fails a self-check shows what failed, and no number")
  func invalid() {
    let record: JSON = [
      "data": "class 9", "samples": 10, "probe": 0, "steps": 20, "valid": false, "mode": "exact",
      "smallest": ["rayleigh": -3.25, "residual": 0.5], "largest": ["rayleigh": 41.5, "residual": 0.5],
      "smallest_lower_limit": -4.75,
      "checks": [
        ["property": "symmetry", "measured": 1e-9, "bound": 1e-6, "passes": true],
        ["property": "drift", "measured": 0.25, "bound": 0.0, "passes": false],
      ],
    ]
    let text = SpectrumTables.exact([record], in: .wide)
    #expect(text.contains("INVALID: drift 0.25 > 0.0"))
    for number in ["3.25", "41.5", "4.75", "symmetry"] { #expect(!text.contains(number)) }
    #expect(SpectrumTables.checks([record], in: .wide).contains("FAILS"))
    let comparison = SpectrumComparison(exact: record, released: [:], redrawn: [:])
    #expect(comparison.explanation.contains("invalid"))
    #expect(!SpectrumComparison.text([comparison], in: .wide).contains("3.25"))
  }

  @Test(
    "contradictory flags are usage errors",
    arguments: [
      ["--mode", "pyhessian", "--density"], ["--mode", "compare", "--epsilon", "0.1"],
      ["--mode", "compare", "--steps", "256"], ["--epsilon", "0.1", "--steps", "3"], ["--epsilon", "0"],
      ["--operator", "fisher", "--saddle"], ["--failure-probability", "1"], ["--probes", "0"],
      ["--classes", "1,x"], ["--class", "1", "--classes", "2"], ["--epsilon", "nan"],
    ])
  func usage(flags: [String]) throws {
    let result = try ToolProcess.run(["spectrum", "/nowhere"] + flags)
    // Flags that only the run can judge find none.
    #expect(result.status == (flags == ["--classes", "1,x"] ? 69 : 64), "\(flags): \(result.errors)")
    #expect(result.output.isEmpty)
  }

  @Test("pairs, a block of parameters and a segment between two runs are measured")
  func pairsBlocksAndSegments() throws {
    try ToolProcess.withDirectory { directory in
      let run = try trained(in: directory)
      func rows(_ arguments: [String]) throws -> [JSON] {
        let result = try ToolProcess.run(
          ["spectrum", run, "--class", "9", "--steps", "8", "--json"] + arguments)
        #expect(result.status == 0, "\(result.errors)")
        return try json(result.output).array ?? []
      }
      let plain = try #require(rows([]).first)
      let paired = try #require(rows(["--pairs", "3"]).first)
      let (low, high) = (paired["pairs"]?["smallest"]?.array ?? [], paired["pairs"]?["largest"]?.array ?? [])
      #expect(low.count == 3 && high.count == 3 && low[0] == plain["smallest"] && high[0] == plain["largest"])
      #expect(paired["products"]?.integer == plain["products"]?.integer.map { $0 + 4 })

      let block = try #require(rows(["--block", "linear."]).first)
      #expect(block["dimension"]?.integer == 32 * 10 + 10 && block["block"] == "linear.")
      // Interlacing: the block's ends lie within the limits of the whole.
      let (least, most) = (plain["smallest_lower_limit"]?.double, block["smallest"]?["rayleigh"]?.double)
      if let least, let most { #expect(least <= most) }

      // From a run to itself every point is the same, and its ends are the run's own.
      let segment = try rows(["--towards", run, "--points", "2"])
      #expect(segment.map { $0["data"] } == ["class 9, t = 0.000", "class 9, t = 1.000"])
      #expect(
        segment.allSatisfy { $0["smallest"] == plain["smallest"] && $0["parameters"] == plain["parameters"] })

      for (arguments, word) in [
        (["--block", "layer9."], "layer9."), (["--block", "linear.", "--saddle"], "--saddle"),
        (["--pairs", "0"], "--pairs"),
        (["--towards", run, "--points", "1"], "--points"),
      ] {
        let refused = try ToolProcess.run(["spectrum", run, "--class", "9"] + arguments)
        #expect(
          refused.status == 64 && refused.errorLines.count == 1 && refused.errors.contains(word),
          "\(refused.errors)")
      }
    }
  }
}
