import EscapementOptimizers
import EscapementArtifacts
import EscapementCalculus
import Foundation
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import Testing
import EscapementTraining

@Suite struct TrainerTests {
  @Test(arguments: [
    OptimizerChoice.sgd, .sam(rho: .constant(0.1), variant: .released),
    .sam(rho: .constant(0.1), variant: .recommended),
    .lookSAM(rho: .constant(0.1), period: 4, alpha: 0.7),
  ])
  func resumedRunsLeaveTheSameFiles(_ optimizer: OptimizerChoice) throws {
    try inDirectory { parent in
      let tiny = TinyRun(optimizer: optimizer)
      let whole = RunDirectory(parent.appendingPathComponent("whole"))
      let final = try tiny.trainer.run(in: whole)
      // Five steps an epoch: 4 and 13 fall between the checkpoints of every third step, 6 on one.
      for stop in [1, 4, 6, 10, 13] {
        let run = RunDirectory(parent.appendingPathComponent("stopped/at-\(stop)"))
        var steps = 0
        let interruption = try #require(throws: Interrupted.self) {
          try tiny.trainer.run(in: run, isCancelled: { steps == stop }) {
            if case .step = $0 { steps += 1 }
          }
        }
        #expect(interruption.checkpoint == run.sidecar(step: stop))
        let resumed = try tiny.trainer.run(in: run, resume: true)
        #expect(resumed == final)
        let (ours, theirs) = (try contents(of: run), try contents(of: whole))
        #expect(ours.keys.sorted() == theirs.keys.sorted())
        for (name, data) in theirs { #expect(ours[name] == data, "\(name) after stopping at \(stop)") }
      }
      #expect(whole.checkpointedSteps() == [12, 15])
    }
  }

  @Test func linesWrittenAfterTheCheckpointAreCutOff() throws {
    try inDirectory { parent in
      let tiny = TinyRun()
      let whole = RunDirectory(parent.appendingPathComponent("whole"))
      try tiny.trainer.run(in: whole)
      // A crash after step 8: the newest checkpoint is that of step 6, the metrics hold a later line
      // and half of another.
      let crashed = RunDirectory(parent.appendingPathComponent("crashed"))
      struct Crash: Error {}
      var steps = 0
      #expect(throws: Interrupted.self) {
        try tiny.trainer.run(in: crashed, isCancelled: { steps == 8 }) { if case .step = $0 { steps += 1 } }
      }
      for ending in ["json", "safetensors"] {
        let file = crashed.sidecar(step: 8).deletingPathExtension().appendingPathExtension(ending)
        try FileManager.default.removeItem(at: file)
      }
      let handle = try FileHandle(forWritingTo: crashed.metrics)
      try handle.seekToEnd()
      try handle.write(contentsOf: Data("{\"event\":\"st".utf8))
      try handle.close()
      #expect(crashed.checkpointedSteps().last == 6)
      try tiny.trainer.run(in: crashed, resume: true)
      #expect(try contents(of: crashed) == contents(of: whole))
    }
  }

  @Test func metricsAndRecordSayWhatHappened() throws {
    try inDirectory { parent in
      let tiny = TinyRun(optimizer: .sam(rho: .constant(0.25), variant: .recommended))
      let run = RunDirectory(parent.appendingPathComponent("run"))
      let final = try tiny.trainer.run(in: run)
      let lines = try events(of: run)
      let steps = lines.filter { $0["event"] == "step" }
      #expect(steps.map { $0["step"]?.integer } == [2, 4, 6, 8, 10, 12, 14])
      for step in steps {
        // Measured on w + ε in Float: half an ulp of the largest entry (below 4) for each of the entries,
        // and two relative roundings of scale and product.
        let norm = try #require(step["perturbation_norm"]?.double)
        let distance = abs(norm - 0.25)
        let bound = Double(Float.ulpOfOne) * (2 * Double(final.parameters.count).squareRoot() + 0.5)
        #expect(distance <= bound)
        #expect(step["evaluations"] == 2 && step["rho"] == 0.25)
      }
      let epochs = lines.filter { $0["event"] == "epoch" }
      #expect(epochs.map { $0["learning_rate"]?.double } == [0.05, 0.05, 0.05 * 0.1])
      #expect(epochs.map { $0["reweighted"]?.bool } == [false, true, true])
      for epoch in epochs {
        #expect(epoch["train"]?["samples"] == 72 && epoch["train"]?["evaluations"] == 10)
        #expect(epoch["test"]?["head"]?["samples"] == 15)
        #expect(epoch["test"]?["tail"]?["samples"] == 15)
        #expect(epoch["test"]?["mid"]?["samples"] == 0)
        #expect(epoch["test"]?["not_a_number"] == 0)
        let perClass = try #require(epoch["test"]?["per_class"]?.array)
        let correct = try perClass.map { try #require($0["correct"]?.integer) }
        #expect(epoch["test"]?["correct"]?.integer == correct.reduce(0, +))
        #expect(epoch["test"]?["tail"]?["correct"]?.integer == correct[1] + correct[2])
      }
      #expect(epochs.last?["digest"]?.string == final.digest.hex)
      #expect(try run.recipe() == tiny.recipe)
    }
  }

  @Test func chainAndAccuracyAreWhatTheyClaim() throws {
    let tiny = TinyRun(epochs: 1)
    var loop = try tiny.loop()
    var links: [Digest] = []
    for _ in 0..<5 {
      _ = try loop.step()
      links.append(loop.state.digest)
    }
    #expect(Set(links).count == 5)
    #expect(loop.isEpochComplete && loop.state.totals.samples == 72)

    var sparse = try TrainingLoop<Float>(
      recipe: tiny.recipe, source: tiny.source, digestEvery: 0)
    for step in 1...5 {
      _ = try sparse.step()
      #expect((sparse.state.digest == .zero) == (step < 5))
    }
    #expect(sparse.state.parameters == loop.state.parameters)

    // A NaN in the classifier makes every logit row NaN: all wrong, all counted.
    var broken = loop.state.parameters
    let bias = try #require(broken.layout.segments.last)
    broken.flat.withMutablePointer { $0[bias.offset] = .nan }
    let accuracy = try ClassAccuracy(
      network: loop.network, parameters: broken, statistics: loop.state.statistics,
      over: tiny.images.source(Array(0..<72)))
    #expect(accuracy.notANumber == 72 && accuracy.correct == [0, 0, 0])
    #expect(accuracy.samples == tiny.images.classCounts)
  }

  @Test("flip averaging classifies by the mean logits of an image and its mirror image")
  func flipAveraging() throws {
    let tiny = TinyRun()
    var loop = try tiny.loop()
    let batch: LabeledBatch<Float> = tiny.images.batch(Array(0..<72), transform: .plain)
    // The mirror image, element by element.
    let images = batch.images.elements
    var mirrored = images
    for start in stride(from: 0, to: images.count, by: 96) {
      for column in 0..<32 {
        let (to, from) = (start + 3 * column, start + 3 * (31 - column))
        for channel in 0..<3 { mirrored[to + channel] = images[from + channel] }
      }
    }
    func logits(_ images: [Float]) -> [Float] {
      Objective<Float>(network: loop.network).logits(
        at: loop.state.parameters, statistics: loop.state.statistics,
        images: Tensor(images, shape: batch.images.shape)
      ).elements
    }
    func correct(_ scores: [Float]) -> [Int] {
      var counts = [0, 0, 0]
      for (i, label) in batch.labels.enumerated() {
        let row = Array(scores[(3 * i)..<(3 * i + 3)])
        if row.firstIndex(of: row.max()!) == label { counts[label] += 1 }
      }
      return counts
    }
    func accuracy(_ mode: TestTimeAugmentation) throws -> [Int] {
      try ClassAccuracy(
        network: loop.network, parameters: loop.state.parameters, statistics: loop.state.statistics,
        over: tiny.images.source(Array(0..<72)), partSize: 10, testTime: mode
      ).correct
    }
    // Over some steps of training, so that the two ways of testing differ somewhere.
    var differed = 0
    for _ in 0..<5 {
      _ = try loop.step()
      let (plain, flipped) = (logits(images), logits(mirrored))
      let mean = zip(plain, flipped).map { ($0 + $1) / 2 }
      #expect(try accuracy(.none) == correct(plain))
      #expect(try accuracy(.flip) == correct(mean))
      if correct(plain) != correct(mean) { differed += 1 }
    }
    #expect(differed > 0)
  }

  @Test func divergenceEndsTheRunWithARecord() throws {
    try inDirectory { parent in
      var tiny = TinyRun()
      tiny.recipe.schedule = LearningRateSchedule(base: 1e30, warmupEpochs: 0, milestones: [])
      let run = RunDirectory(parent.appendingPathComponent("run"))
      let divergence = try #require(throws: Divergence.self) { try tiny.trainer.run(in: run) }
      let last = try #require(try events(of: run).last)
      #expect(last["event"] == "divergence" && last["step"]?.integer == divergence.step)
    }
  }

  @Test func occupiedAndUnusableDirectoriesAreRefused() throws {
    try inDirectory { parent in
      let tiny = TinyRun(epochs: 1)
      let occupied = RunDirectory(parent.appendingPathComponent("occupied"))
      try FileManager.default.createDirectory(at: occupied.url, withIntermediateDirectories: true)
      try Data("mine".utf8).write(to: occupied.url.appendingPathComponent("notes.txt"))
      let refusal = try #require(throws: FileError.self) { try tiny.trainer.run(in: occupied) }
      #expect(refusal.code == ENOTEMPTY)
      #expect(try FileManager.default.contentsOfDirectory(atPath: occupied.url.path) == ["notes.txt"])

      let file = RunDirectory(occupied.url.appendingPathComponent("notes.txt"))
      #expect(throws: FileError.self) { try tiny.trainer.run(in: file) }
      #expect(throws: FileError.self) {
        try tiny.trainer.run(in: RunDirectory(file.url.appendingPathComponent("deeper")))
      }
      #expect(throws: MissingError.self) {
        try tiny.trainer.run(in: RunDirectory(parent.appendingPathComponent("absent")), resume: true)
      }

      var bad = tiny
      bad.recipe.optimizer = .sam(rho: .constant(.nan), variant: .released)
      let absent = RunDirectory(parent.appendingPathComponent("never"))
      #expect(throws: HyperparameterError.self) { try bad.trainer.run(in: absent) }
      #expect(!FileManager.default.fileExists(atPath: absent.url.path))
    }
  }

  @Test func aRunResumesOnlyAsItself() throws {
    try inDirectory { parent in
      let tiny = TinyRun(epochs: 1)
      let run = RunDirectory(parent.appendingPathComponent("run"))
      let final = try tiny.trainer.run(in: run)
      #expect(try tiny.trainer.run(in: run, resume: true) == final)
      var other = tiny
      other.recipe.seed = 8
      #expect(throws: DataError.self) { try other.trainer.run(in: run, resume: true) }
      #expect(throws: DataError.self) {
        try tiny.trainer(provenance: "other noise").run(in: run, resume: true)
      }
    }
  }
}
