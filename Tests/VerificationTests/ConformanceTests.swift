import EscapementLAPACK
@testable import EscapementGoldens
import EscapementOptimizers
import EscapementArtifacts
import EscapementCalculus
import EscapementCurvature
import Foundation
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementTestSupport
import Testing
import EscapementTraining

@testable import EscapementVerification

@Suite struct ConformanceTests {
  static func named(_ name: String) throws -> ConformanceCase {
    try #require(ConformanceCatalog.selecting([name]).first)
  }

  static func numbers(_ entry: Safetensors.Entry) -> [Double] {
    let values = [Double](unsafeUninitializedCapacity: entry.data.count / 8) { buffer, count in
      count = entry.data.copyBytes(to: buffer) / 8
    }
    return values
  }

  @Test func namesAreUniqueAndEveryPairExists() {
    let names = ConformanceCatalog.cases.map(\.name)
    #expect(Set(names).count == names.count)
    for problem in ConformanceCatalog.problems {
      let first = !problem.hasLogits ? "" : problem.hasCosines ? ".ldam" : ".ce"
      for rule in ConformanceCatalog.rules {
        #expect(names.contains("\(problem.name).\(rule.name)\(first)"))
      }
    }
    for loss in ConformanceCatalog.losses {
      for problem in loss.wantsCosines ? ["resnet8-cosine"] : ["perceptron", "resnet8"] {
        for rule in ConformanceCatalog.widely { #expect(names.contains("\(problem).\(rule).\(loss.name)")) }
      }
    }
    for (rule, loss) in ConformanceCatalog.pairs { #expect(names.contains("resnet8.\(rule).\(loss)")) }
  }

  /// What the cases are meant to meet: batches with, without and with several tail samples, a ragged one, a
  /// saddle.
  @Test func problemsHaveWhatTheRulesBranchOn() throws {
    let tails = ConformanceData.batches.map { batch in
      batch.filter { ConformanceData.tail.contains(ConformanceData.labels[$0]) }.count
    }
    #expect(tails[0] > 0 && tails.contains(0) && tails.contains { $0 > 1 })
    #expect(ConformanceData.batches.last?.count == 7 && ConformanceData.batches.last?.upperBound == 55)
    #expect(ConformanceData.steps == ConformanceData.epochs * ConformanceData.batches.count)
    let counts = (0..<5).map { label in ConformanceData.labels.filter { $0 == label }.count }
    #expect(counts == ConformanceData.counts)
    #expect(ConformanceData.tail == Set(counts.indices.filter { counts[$0] < 9 }))

    guard case .quadratic(let quadratic) = ConformanceProblem.quadratic.content else { return }
    let d = quadratic.dimension
    for label in counts.indices {
      let hessian = quadratic.hessians.view(at: label * d * d, shape: [d, d])
      #expect(hessian == hessian.transposed(), "class \(label)")
    }
    let sum = counts.indices.reduce(Tensor<Double>.zeros([d, d])) { sum, label in
      sum.addingScaled(
        Double(counts[label]) / 55, quadratic.hessians.view(at: label * d * d, shape: [d, d]))
    }
    let spectrum = try ExactSpectrum(of: sum)
    // All 55 samples together are a saddle already.
    #expect(spectrum.values[0] < -0.05 && spectrum.values[d - 1] > 1, "\(spectrum.values)")
  }

  /// Head and tail add up to the whole, shards of one size average to it, and the gradient is that of the
  /// loss.
  @Test func quadraticPartsAddUp() throws {
    let problem = ConformanceProblem.quadratic
    func answer(
      _ part: BatchPart, at point: ParameterVector<Double>, _ normalization: PartNormalization = .wholeBatch
    ) throws -> Evaluation<Double> {
      let rule = ConformanceRule.imbSAM("any", rho: .constant(0), normalization: normalization)
      var oracle = problem.oracle(
        batch: ConformanceData.batches[0], loss: SoftmaxCrossEntropy(), rule: rule,
        statistics: problem.startStatistics)
      return try oracle.evaluate(at: point, on: part, statistics: .observe)
    }
    let point = problem.start
    let whole = try answer(.all, at: point)
    let (head, tail) = (try answer(.head, at: point), try answer(.tail, at: point))
    // Sums of 12 samples of 8 entries, each of a few products of at most |λ|·|w|·|w|: 12·8·4 roundings of
    // numbers below 64.
    let bound = 12 * 8 * 4 * 64 * Double.ulpOfOne
    func apart(_ a: ParameterVector<Double>, _ b: ParameterVector<Double>) -> Double {
      (a.flat - b.flat).norm()
    }
    #expect((head.loss + tail.loss - whole.loss).magnitude <= bound)
    let sum = ParameterVector(layout: point.layout, flat: head.gradient.flat + tail.gradient.flat)
    #expect(apart(sum, whole.gradient) <= bound)
    #expect(head.samples + tail.samples == 12 && tail.samples > 0)

    let doubled = try answer(.tail, at: point, .doubledTail)
    #expect((doubled.loss - 2 * tail.loss).magnitude <= bound)
    let mean = try answer(.tail, at: point, .groupMeans)
    #expect((mean.loss - 12 / Double(tail.samples) * tail.loss).magnitude <= 12 * bound)

    var average = Tensor<Double>.zeros([8])
    for index in 0..<4 {
      average = average.addingScaled(
        0.25, try answer(.shard(index: index, count: 4), at: point).gradient.flat)
    }
    #expect((average - whole.gradient.flat).norm() <= bound)

    // A central difference of a quadratic has no truncation error: the losses' rounding over 2h.
    for i in 0..<8 {
      let h = 0.5
      let step = Tensor((0..<8).map { $0 == i ? h : 0 })
      let ahead = try answer(.all, at: ParameterVector(layout: point.layout, flat: point.flat + step)).loss
      let behind = try answer(.all, at: ParameterVector(layout: point.layout, flat: point.flat - step)).loss
      #expect(((ahead - behind) / (2 * h) - whole.gradient.flat[i]).magnitude <= 2 * bound)
    }
  }

  /// Every rule, variant and loss leaves a trace on the network with batch norm: no two cases come out alike.
  @Test func noTwoCasesComeOutAlike() throws {
    // The record, which another test holds to the trajectories themselves.
    let file = GoldensOnRecordTests.store.url(of: .trajectories(of: .resNet))
    let ends = try GoldenRecord(contentsOf: file).values.filter { $0.name.hasSuffix("step 25 digest") }.map(
      \.text)
    #expect(ends.count == ConformanceCatalog.cases.filter { $0.problem.name == "resnet8" }.count)
    #expect(Set(ends).count == ends.count)
  }

  @Test func aCaseReadBackIsTheTrajectory() throws {
    let scratch = try TemporaryDirectory()
    defer { scratch.remove() }
    let names = ["perceptron.lpf-sgd.ce", "resnet8.sgd.ce", "quadratic.sam-released"]
    let cases = try names.map(Self.named)
    try ConformanceExport(cases: cases).write(to: scratch.url)
    let files = try FileManager.default.contentsOfDirectory(atPath: scratch.url.path).sorted()
    let expected = (names + ["perceptron", "quadratic", "resnet8"]).flatMap {
      ["\($0).json", "\($0).safetensors"]
    }
    #expect(files == (expected + ["index.json"]).sorted())

    for conformance in cases {
      let file = scratch.url.appendingPathComponent("\(conformance.name).safetensors")
      let data = try Data(contentsOf: file)
      let fields = try JSON(contentsOf: file.deletingPathExtension().appendingPathExtension("json"))
      #expect(fields["tensors_sha256"]?.string == Digest(of: data).hex)
      let problem = try Data(
        contentsOf: scratch.url.appendingPathComponent("\(conformance.problem.name).safetensors"))
      #expect(fields["problem_sha256"]?.string == Digest(of: problem).hex)
      let tensors = try Safetensors(parsing: data, file: file.path).tensors
      let trajectory = try conformance.trajectory()
      #expect(tensors == trajectory.tensors)
      #expect(try #require(tensors["record.loss"].map(Self.numbers)) == trajectory.records.map(\.loss))
      let momentum = try #require(trajectory.state[SGD<Double>.momentumKey])
      for (index, segment) in momentum.layout.segments.enumerated() where segment.role == .vector {
        let stored = try #require(tensors["state.momentum.\(segment.name)"])
        #expect(stored.shape == segment.shape.extents && Self.numbers(stored) == momentum[index].elements)
      }
      #expect(fields["rule"]?["rule"]?.string != nil)
    }
  }

  /// Rows of `[steps + 1, out, in]` and planes of `[n, channels, height, width]`, element by element.
  @Test func tensorsStandInPyTorchsArrangement() throws {
    let conformance = try Self.named("perceptron.lpf-sgd-released.ce")
    let trajectory = try conformance.trajectory()
    let tensors = trajectory.tensors
    let layout = trajectory.points[0].layout
    let index = try #require(layout.index(of: "linear1.weight"))
    let weight = try #require(tensors["parameters.linear1.weight"])
    let noise = try #require(tensors["noise.linear1.weight"])
    #expect(weight.shape == [26, 8, 6] && noise.shape == [25, 4, 8, 6])
    let (rows, draws) = (Self.numbers(weight), Self.numbers(noise))
    for output in 0..<8 {
      for input in 0..<6 {
        #expect(rows[(25 * 8 + output) * 6 + input] == trajectory.points[25][index][input * 8 + output])
        let draw = trajectory.noise[7][3][index][input * 8 + output]
        #expect(draws[((7 * 4 + 3) * 8 + output) * 6 + input] == draw)
      }
    }
    guard case .network(_, let images) = ConformanceProblem.resNet.content else { return }
    let inputs = try #require(ConformanceProblem.resNet.tensors["inputs"])
    #expect(inputs.shape == [55, 3, 8, 8])
    let stored = Self.numbers(inputs)
    for (n, c, y, x) in [(0, 0, 0, 0), (54, 2, 7, 7), (13, 1, 2, 5), (30, 2, 6, 1)] {
      #expect(stored[((n * 3 + c) * 8 + y) * 8 + x] == images[((n * 8 + y) * 8 + x) * 3 + c])
    }
  }

  /// The noise that is exported is the noise that was drawn: σ·ξ is what PGD adds after SGD's step.
  @Test func exportedNoiseIsTheNoiseDrawn() throws {
    let (plain, noisy) = (
      try Self.named("quadratic.sgd").trajectory(), try Self.named("quadratic.pgd-weights").trajectory()
    )
    let expected = plain.points[1].flat.addingScaled(0.01, noisy.noise[0][0].flat)
    #expect(noisy.points[1].flat == expected)
    #expect(plain.tensors.keys.allSatisfy { !$0.hasPrefix("noise.") })
  }

  /// A step of radius 0 is the base rule's, on running statistics that only the first pass enters.
  @Test func aRadiusOfZeroIsTheBaseRule() throws {
    for problem in ["quadratic", "perceptron", "resnet8"] {
      let loss = problem == "quadratic" ? "" : ".ce"
      let base = try Self.named("\(problem).sgd\(loss)").trajectory()
      let zero = try Self.named("\(problem).sam-zero-radius\(loss)").trajectory()
      #expect(zero.points == base.points && zero.statistics == base.statistics && zero.state == base.state)
      #expect(zero.records.allSatisfy { $0.rho == 0 && $0.perturbationNorm == 0 && $0.evaluations == 2 })
    }
  }

  /// The first and the fifth step on micro-batches from their definitions: 4, 4, 4 and 4, 3 samples.
  @Test func microBatchesAreThoseOfTheDefinition() throws {
    let problem = ConformanceProblem.resNet
    for (step, sizes) in [(0, [4, 4, 4]), (4, [4, 3])] {
      func directions(_ name: String) throws -> (
        trajectory: Trajectory, point: ParameterVector<Double>,
        gradient: (Int, ParameterVector<Double>) throws -> ParameterVector<Double>
      ) {
        let conformance = try Self.named(name)
        let trajectory = try conformance.trajectory()
        let batch = ConformanceData.batches[step]
        func gradient(_ part: Int, _ point: ParameterVector<Double>) throws -> ParameterVector<Double> {
          let start = batch.lowerBound + 4 * part
          var oracle = problem.oracle(
            batch: start..<(start + sizes[part]), loss: SoftmaxCrossEntropy(), rule: .sgd,
            statistics: problem.startStatistics)
          return try oracle.evaluate(at: point, on: .all, statistics: .freeze).gradient
        }
        return (trajectory, trajectory.points[step], gradient)
      }
      /// The direction d of which SGD's step made the next point: in the first step b = d + λw, later b = 0.9 b + d + λw.
      /// From the momentum of the steps, which the points give back.
      func descended(_ trajectory: Trajectory) -> [Tensor<Double>] {
        var buffers: [Tensor<Double>] = []
        var found: [Tensor<Double>] = []
        for index in 0...step {
          let rate = ConformanceData.context(step: index).learningRate
          let (w, next) = (trajectory.points[index].flat, trajectory.points[index + 1].flat)
          let buffer = (w - next).scaled(by: 1 / rate)
          let kept = buffers.last.map { buffer.addingScaled(-ConformanceData.momentum, $0) } ?? buffer
          found.append(kept.addingScaled(-ConformanceData.weightDecay, w))
          buffers.append(buffer)
        }
        return found
      }
      // Points below 16 in magnitude are rounded to 2⁻⁵⁰; over the rate of 0.02 and with the momentum's share of the step
      // before, that is 2·16·ε/0.02 an entry, in vectors of fewer than 1024 entries: 32 in the norm.
      let bound = 32 * 2 * 16 * Double.ulpOfOne / 0.02
      let k = Double(sizes.count)
      func mean(_ parts: [ParameterVector<Double>]) -> Tensor<Double> {
        parts.dropFirst().reduce(parts[0].flat) { $0 + $1.flat }.scaled(by: 1 / k)
      }
      func expect(_ name: String, _ expected: Tensor<Double>, _ trajectory: Trajectory) throws {
        #expect(!((descended(trajectory)[step] - expected).norm() > bound), "\(name), step \(step)")
        // The mean over the batch at once is another direction: batch statistics are of other samples.
        let whole = try Self.named("resnet8.sgd.ce").trajectory()
        if step == 0 { #expect((descended(whole)[0] - expected).norm() > 1e-3) }
      }
      let parts = Array(sizes.indices)
      let sgd = try directions("resnet8.sgd-accumulated.ce")
      try expect("sgd", mean(parts.map { try sgd.gradient($0, sgd.point) }), sgd.trajectory)
      let sam = try directions("resnet8.sam-accumulated.ce")
      let g = ParameterVector(
        layout: sam.point.layout, flat: mean(try parts.map { try sam.gradient($0, sam.point) }))
      let moved = sam.point.ascended(along: g, rho: 0.1, constant: 1e-12).point
      try expect("sam", mean(parts.map { try sam.gradient($0, moved) }), sam.trajectory)
      let own = try directions("resnet8.m-sam.ce")
      let sharp = try parts.map { part in
        let g = try own.gradient(part, own.point)
        return try own.gradient(part, own.point.ascended(along: g, rho: 0.1, constant: 1e-12).point)
      }
      try expect("m-sam", mean(sharp), own.trajectory)
      #expect(own.trajectory.records[step].evaluations == 2 * sizes.count)
      #expect(own.trajectory.records[step].samples == sizes.reduce(0, +))
    }
  }

  @Test func aDirectoryInUseIsRefused() throws {
    let scratch = try TemporaryDirectory()
    defer { scratch.remove() }
    let file = scratch.url.appendingPathComponent("mine")
    try Data("kept".utf8).write(to: file)
    let cases = [try Self.named("quadratic.sgd")]
    #expect(throws: FileError.self) { try ConformanceExport(cases: cases).write(to: scratch.url) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.url.path) == ["mine"])
  }

  @Test func unknownCasesAreNamed() throws {
    let error = try #require(throws: UnknownConformanceCase.self) {
      try ConformanceCatalog.selecting(["quadratic.sgd", "quadratic.adam"])
    }
    #expect(error.exitCode == 64 && error.description.contains("\"quadratic.adam\""))
    #expect(try ConformanceCatalog.selecting([]).count == ConformanceCatalog.cases.count)
  }
}
