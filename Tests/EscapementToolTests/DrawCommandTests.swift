import EscapementOptimizers
import EscapementArtifacts
import EscapementCurvature
import Foundation
import EscapementTestSupport
import Testing

/// `escapement draw`, run as a user runs it: figures, what is refused, and what is never overwritten.
@Suite struct DrawCommandTests {
  /// A record such as `spectrum --json` prints, of a matrix of three rows.
  static func record(_ data: String, _ mode: String = "exact", _ changes: [String: JSON] = [:]) throws -> JSON
  {
    let rule = try GaussQuadrature(SymmetricTridiagonal(diagonal: [1, -2, 4], offDiagonal: [0.7, 0.3]))
    let nodes = JSON.array(rule.nodes.map { .number($0) })
    var fields: [String: JSON] = [
      "mode": .string(mode), "data": .string(data), "samples": .integer(5), "ritz_values": nodes,
      "weights": .array(rule.weights.map { .number($0) }), "drift": .number(mode == "exact" ? 0 : 0.25),
    ]
    if mode == "exact" {
      func end(_ value: Double) -> JSON {
        ["rayleigh": .number(value), "rounding": .number(0.01), "residual": .number(0.1)]
      }
      fields.merge([
        "alpha": [1.0, -2, 4], "beta": [0.7, 0.3, 0.2], "smallest": end(rule.nodes[0]),
        "largest": end(rule.nodes[2]), "smallest_lower_limit": .number(-3),
        "failure_probability": .number(0.01),
      ]) { $1 }
    } else {
      fields.merge(["smallest": .number(rule.nodes[0]), "largest": .number(rule.nodes[2])]) { $1 }
    }
    return .object(fields.merging(changes) { $1 })
  }

  @Test func everyFigureOfSpectraIsDrawnTwiceToTheSameBytes() throws {
    let scratch = try TemporaryDirectory()
    defer { scratch.remove() }
    let exact = scratch.url.appendingPathComponent("exact.json")
    let released = scratch.url.appendingPathComponent("released.json")
    try AtomicFile.write(.array([try Self.record("class 0"), try Self.record("class 9")]), to: exact)
    try AtomicFile.write(.array([try Self.record("class 9", "pyhessian")]), to: released)
    let (svg, csv) = (
      scratch.url.appendingPathComponent("f.svg"), scratch.url.appendingPathComponent("f.csv")
    )
    let calls: [(arguments: [String], words: [String])] = [
      (["density", "exact.json", "--log-x", "0.5", "--width", "2%"], ["class 9: λ", "linear within ±0.5"]),
      (["density", "exact.json", "--layout", "multiples", "--width", "released"], ["class 0"]),
      (["compare", "exact.json", "released.json"], ["released", "drift 0.25"]),
      (
        ["extremes", "SGD=exact.json", "SGD=released.json", "--log-x", "off"],
        ["SGD, exact", "SGD, released"]
      ),
      (["amplification", "exact.json", "--rho", "0.05,0.5"], ["class 9, exact", "factor 0"]),
      (["amplification", "--gradient-norm", "4"], ["normalized ascent"]),
    ]
    for (arguments, words) in calls {
      var outputs: [Data] = []
      for _ in 0..<2 {
        let result = try ToolProcess.run(
          ["draw"] + arguments + ["--out", "f.svg", "--csv", "f.csv", "--title", "A <b> & c"], in: scratch.url
        )
        #expect(result.status == 0 && result.output.isEmpty, "\(result)")
        #expect(result.errors == "wrote f.svg\nwrote f.csv\n", "\(result)")
        outputs.append(try FileContents.read(svg) + FileContents.read(csv))
      }
      #expect(outputs[0] == outputs[1])
      let text = try String(contentsOf: svg, encoding: .utf8)
      for word in words + ["<title id=\"title\">A &lt;b&gt; &amp; c</title>"] {
        #expect(text.contains(word), "\(arguments): \(word)")
      }
      #expect(try String(contentsOf: csv, encoding: .utf8).hasPrefix("panel,series,mark,x,y,lower,upper\r\n"))
    }
  }

  @Test func whatTrainAndSpectrumWriteIsRead() throws {
    let scratch = try TemporaryDirectory()
    defer { scratch.remove() }
    func expectSuccess(_ arguments: [String]) throws -> ToolProcess.Result {
      let result = try ToolProcess.run(arguments, in: scratch.url)
      #expect(result.status == 0, "\(arguments): \(result.errors)")
      return result
    }
    _ = try expectSuccess([
      "train", "--preset", "fixture/ce", "--epochs", "1", "--out", "run", "--spectra", "9@1",
      "--spectrum-steps", "4",
    ])
    for mode in ["exact", "pyhessian"] {
      let result = try expectSuccess([
        "spectrum", "run", "--class", "9", "--steps", "8", "--probes", "2", "--mode", mode, "--json",
      ])
      // Eight steps may be too few for the spectrum's own checks; whether it is drawn is the question here.
      try AtomicFile.write(Data(result.output.utf8), to: scratch.url.appendingPathComponent("\(mode).json"))
    }
    let files = ["exact.json", "pyhessian.json", "--accept-invalid"]
    for verb in ["density", "compare", "extremes"] {
      _ = try expectSuccess(["draw", verb] + files + ["--out", "\(verb).svg"])
    }
    _ = try expectSuccess(["draw", "dynamics", "run", "--out", "dynamics.svg", "--csv", "dynamics.csv"])
    let metrics = try String(
      contentsOf: scratch.url.appendingPathComponent("run/metrics.jsonl"), encoding: .utf8)
    let line = try #require(metrics.split(separator: "\n").first { $0.contains("\"event\":\"spectrum\"") })
    let event = try JSON(parsing: Data(line.utf8), file: "metrics.jsonl")
    let smallest = try #require(event["classes"]?.array?.first?["smallest"]?.double)
    let table = try String(contentsOf: scratch.url.appendingPathComponent("dynamics.csv"), encoding: .utf8)
    #expect(table.contains("class 9: λ_min,run,line,1.0,\(smallest),,\r\n"))
    // The run's own spectra, and those of a file.
    _ = try expectSuccess([
      "draw", "dynamics", "CE=run", "as released=pyhessian.json", "--out", "both.svg", "--csv", "both.csv",
    ])
    let both = try String(contentsOf: scratch.url.appendingPathComponent("both.csv"), encoding: .utf8)
    #expect(
      both.contains("class 9: λ_min,CE,point,1.0,") && both.contains("class 9: λ_max,as released,point,1.0,"))
    #expect(both.contains("class 9: loss f,CE,point,") && !both.contains("class 9: loss f,as released"))
    // One epoch: its accuracies and loss, under the label, and no line through one point.
    _ = try expectSuccess(["draw", "course", "CE=run", "--out", "course.svg", "--csv", "course.csv"])
    let course = try String(contentsOf: scratch.url.appendingPathComponent("course.csv"), encoding: .utf8)
    let ended = try #require(metrics.split(separator: "\n").first { $0.contains("\"event\":\"epoch\"") })
    let epoch = try JSON(parsing: Data(ended.utf8), file: "metrics.jsonl")
    let loss = try #require(epoch["train"]?["loss"]?.double)
    #expect(course.contains("training loss,CE,point,1.0,\(loss),,\r\n") && !course.contains(",line,"))
    let names = (0..<7).map { "L\($0)=run" }
    let many = try ToolProcess.run(["draw", "course"] + names + ["--out", "x.svg"], in: scratch.url)
    #expect(many.status == 64 && many.errors.contains("7 names, expected at most 6"), "\(many.errors)")
    let none = try ToolProcess.run(
      ["draw", "dynamics", "run", "--classes", "3", "--out", "x.svg"], in: scratch.url)
    #expect(none.status == 64 && none.errors.contains("was not measured; there are 9"))
  }

  /// The converter is a script that writes a file of the format's first bytes, or fails.
  @Test func figuresAreConvertedWhereAProgramIsInstalled() throws {
    let scratch = try TemporaryDirectory()
    defer { scratch.remove() }
    try AtomicFile.write(
      .array([try Self.record("class 9")]), to: scratch.url.appendingPathComponent("s.json"))
    let bin = scratch.url.appendingPathComponent("bin")
    try FileManager.default.createDirectory(at: bin, withIntermediateDirectories: false)
    func draw(_ out: String, path: String) throws -> ToolProcess.Result {
      try ToolProcess.run(
        ["draw", "density", "s.json", "--out", out], environment: ["PATH": path], in: scratch.url)
    }
    for name in ["d.png", "d.pdf", "D.PNG"] {
      let none = try draw(name, path: bin.path)
      #expect(none.status == 69 && none.errorLines.count == 1 && none.errors.contains("rsvg-convert"))
      #expect(!FileManager.default.fileExists(atPath: scratch.url.appendingPathComponent(name).path))
    }
    let other = try draw("d.gif", path: bin.path)
    #expect(other.status == 64 && other.errors.contains(".svg, .png or .pdf, not as .gif"))
    func install(_ script: String) throws {
      let program = bin.appendingPathComponent("rsvg-convert")
      try Data("#!/bin/sh\n\(script)\n".utf8).write(to: program)
      #expect(chmod(program.path, 0o755) == 0)
    }
    let path = "\(bin.path):/usr/bin:/bin"
    try install(
      #"""
      for last; do [ "$out" = next ] && out=$last; [ "$last" = --output ] && out=next; done
      case $1 in *png) printf '\211PNG\r\n\032\n' >"$out" ;; *pdf) printf '%%PDF-' >"$out" ;; esac
      cat "$last" >>"$out"
      """#)
    let png = Data([0x89]) + Data("PNG\r\n\u{1A}\n".utf8)
    for (name, mark) in [("d.png", png), ("d.pdf", Data("%PDF-".utf8))] {
      // The second time it replaces a figure.
      for _ in 0..<2 {
        let drawn = try draw(name, path: path)
        #expect(drawn.status == 0 && drawn.errors == "wrote \(name)\n", "\(drawn)")
      }
      let bytes = try FileContents.read(scratch.url.appendingPathComponent(name))
      #expect(bytes.starts(with: mark) && bytes.dropFirst(mark.count).starts(with: Data("<svg ".utf8)))
    }
    try install("echo no fonts >&2; exit 3")
    let failed = try draw("e.png", path: path)
    #expect(failed.status == 69 && failed.errors.contains("exit code 3"), "\(failed)")
    #expect(failed.errors.contains("no fonts"), "\(failed)")
    #expect(!FileManager.default.fileExists(atPath: scratch.url.appendingPathComponent("e.png").path))
    // A program that says it succeeded and wrote something else.
    try install(#"for last; do :; done; cp "$last" "${last%.svg}.png""#)
    #expect(try draw("e.png", path: path).status == 69)
  }

  @Test func nothingButAFigureIsReplacedAndBadInputLeavesNothing() throws {
    let scratch = try TemporaryDirectory()
    defer { scratch.remove() }
    let good = scratch.url.appendingPathComponent("good.json")
    try AtomicFile.write(.array([try Self.record("class 9")]), to: good)
    try AtomicFile.write(
      .array([try Self.record("class 9", "exact", ["valid": .bool(false)])]),
      to: scratch.url.appendingPathComponent("invalid.json"))
    try AtomicFile.write(Data("my notes".utf8), to: scratch.url.appendingPathComponent("notes.svg"))
    try FileManager.default.createDirectory(
      at: scratch.url.appendingPathComponent("folder"), withIntermediateDirectories: false)
    let before = try FileManager.default.contentsOfDirectory(atPath: scratch.url.path).sorted()
    let calls: [(status: Int32, arguments: [String])] = [
      (65, ["density", "good.json", "--out", "notes.svg"]),
      (69, ["density", "good.json", "--out", "folder"]),
      (64, ["density", "good.json", "--out", "good.json"]),
      (65, ["density", "good.json", "--out", "new.svg", "--csv", "notes.svg"]),
      (64, ["density", "good.json", "--out", "new.svg", "--csv", "./new.svg"]),
      (69, ["density", "good.json", "--out", "none/new.svg"]),
      (69, ["density", "none.json", "--out", "new.svg"]),
      (65, ["density", "invalid.json", "--out", "new.svg"]),
      (64, ["density", "good.json", "--out", "new.svg", "--width", "-1"]),
      (64, ["density", "good.json", "--out", "new.svg", "--width", "1e-170"]),
      (64, ["density", "good.json", "--out", "new.svg", "--log-x", "nan"]),
      (64, ["density", "--out", "new.svg"]), (64, ["compare", "good.json", "--out", "new.svg"]),
      (69, ["dynamics", "none", "--out", "new.svg"]), (69, ["course", "none", "--out", "new.svg"]),
      (64, ["amplification", "good.json", "--out", "new.svg"]),
      (64, ["amplification", "--radii", "2,1", "--out", "new.svg"]),
      (64, ["amplification", "--reach", "-1", "--out", "new.svg"]),
    ]
    for (status, arguments) in calls {
      let result = try ToolProcess.run(["draw"] + arguments, in: scratch.url)
      #expect(result.status == status && result.errorLines.count == 1, "\(arguments): \(result)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.url.path).sorted() == before)
    #expect(try JSON(contentsOf: good) == .array([try Self.record("class 9")]))
    let accepted = try ToolProcess.run(
      ["draw", "density", "invalid.json", "--accept-invalid", "--out", "new.svg"], in: scratch.url)
    #expect(accepted.status == 0)
  }
}
