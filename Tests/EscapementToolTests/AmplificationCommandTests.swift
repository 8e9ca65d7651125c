import EscapementArtifacts
import Foundation
import Testing

@Suite("The amplification command, run as a process")
struct AmplificationCommandTests {
  @Test("rows, statistics and class-wise change of a short run; the same on one thread")
  func measurement() throws {
    try ToolProcess.withDirectory { directory in
      let run = directory.appendingPathComponent("run").path
      let rows = directory.appendingPathComponent("rows.csv")
      let trained = try ToolProcess.run([
        "train", "--preset", "fixture/ce-drw", "--epochs", "1", "--batch-size", "128", "--out", run,
      ])
      #expect(trained.status == 0, "\(trained.errors)")
      let arguments = [
        "amplification", run, "--classes", "9,7", "--batches", "9", "--steps", "4", "--controls", "2",
        "--resamples", "100", "--products", "--rho", "0.2",
      ]
      let first = try ToolProcess.run(
        arguments + ["--json", "--csv", rows.path], environment: ["ESCAPEMENT_THREADS": "1"])
      #expect(first.status == 0 && first.errorLines.allSatisfy { $0.hasPrefix("wrote ") }, "\(first.errors)")
      let report = try JSON(parsing: Data(first.output.utf8), file: "standard output")
      #expect(report["batches"]?.integer == 9 && report["rho"]?.double == 0.2)
      #expect(report["random_directions"]?.array?.count == 2)
      let directions = try #require(report["directions"]?.array)
      #expect(directions.map { $0["data"]?.string } == ["class 9", "class 7"])

      // The figures are those of the lines on file.
      let lines = try String(contentsOf: rows, encoding: .utf8).split(separator: "\n").map {
        $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      }
      #expect(lines.count == 10 && lines.allSatisfy { $0.count == 4 + 3 * 4 + 2 * 2 })
      func column(_ name: String) throws -> [Double] {
        let place = try #require(lines[0].firstIndex(of: name), "\(name)")
        return try lines.dropFirst().map { try #require(Double($0[place])) }
      }
      // 928 images in batches of 128: the eighth holds the last 32, the ninth is the next epoch's first.
      #expect(try column("samples") == [128, 128, 128, 128, 128, 128, 128, 32, 128])
      for direction in directions {
        let name = try #require(direction["data"]?.string)
        let (x, y) = (try column("plain \(name)"), try column("normalized \(name)"))
        let factors = try #require(direction["factors"]?.array)
        #expect(factors.count == 6)
        let ratio = try #require(factors[0]["ratio"]?["value"]?.double)
        let expected = y.reduce(0) { $0 + $1 * $1 } / x.reduce(0) { $0 + $1 * $1 }
        // Two sums of nine and a division.
        #expect(abs(ratio - expected) <= 32 * Double.ulpOfOne * expected)
        let norms = try column("gradient_norm")
        let squares = norms.reduce(0) { $0 + $1 * $1 }
        let dimension = Double(try #require(report["dimension"]?.integer))
        let noise = try #require(direction["noise_ratio"]?["value"]?.double)
        let plain = dimension * x.reduce(0) { $0 + $1 * $1 } / squares
        #expect(abs(noise - plain) <= 32 * Double.ulpOfOne * plain)
        let eigenvalue = try #require(direction["eigenvalue"]?.double)
        let amplifying = norms.count { 0.2 * abs(eigenvalue) > 2 * $0 }
        #expect(eigenvalue < 0 && direction["share_amplifying"]?.double == Double(amplifying) / 9)
        #expect(try column("residual \(name)").count == 9)
        let change = try #require(direction["change"])
        #expect(change["curvature_of_whole"]?.double == factors[1]["curvature"]?.double)
        #expect(factors[0]["curvature"]?.double == eigenvalue)
      }

      let again = directory.appendingPathComponent("again.csv")
      let text = try ToolProcess.run(arguments + ["--csv", again.path])
      #expect(text.status == 0 && text.errors == "wrote \(again.path)\n", "\(text.errors)")
      for part in ["running statistics", "ρ = 0.2", "CNC", "one step on the whole loss", "‖H_b v − λv‖"] {
        #expect(text.output.contains(part), "\(part)")
      }
      #expect(try Data(contentsOf: again) == Data(contentsOf: rows))
    }
  }
}
