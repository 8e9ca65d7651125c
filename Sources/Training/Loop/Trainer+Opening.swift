import EscapementArtifacts
import Foundation
import EscapementKernels
import EscapementLongTail
import EscapementNetworks

extension Trainer {
  /// A run that is ready for its next step, with the lock on its directory.
  typealias Opening = (
    lock: RunLock, loop: TrainingLoop<Element>, metrics: LineLog, selection: EpochSelection
  )

  /// Starts a new run: its directory, its record and a checkpoint before the first step, so that it can always be
  /// resumed.
  func begin(_ directory: RunDirectory) throws -> Opening {
    let loop = try makeLoop(state: nil)
    let lock = try directory.claim()
    do { try directory.create(record: record(of: loop)) } catch {
      lock.release()
      directory.removeIfEmpty()
      throw error
    }
    return try start(loop, lock, directory)
  }

  /// Opens the metrics and writes the checkpoint before the first step.
  private func start(
    _ loop: TrainingLoop<Element>, _ lock: RunLock, _ directory: RunDirectory
  ) throws -> Opening {
    let metrics =
      FileManager.default.fileExists(atPath: directory.metrics.path)
      ? try LineLog(resuming: directory.metrics, at: .start) : try LineLog(creating: directory.metrics)
    let selection = EpochSelection(every: options.selectEvery)
    try checkpoint(loop, metrics, directory, selection)
    return (lock, loop, metrics, selection)
  }

  /// The contents of `run.json` for a run.
  private func record(of loop: TrainingLoop<Element>) -> JSON {
    RunRecord.document(
      recipe: recipe, element: Element.dtypeName, network: loop.network, classCounts: source.classCounts,
      testSamples: test.labels.count, groups: groups, initialParameters: loop.state.parameters.digest,
      firstOrder: source.orderDigest(epoch: 0), options: options, measurement: measurement?.record,
      provenance: provenance)
  }

  /// Opens a run at its newest intact checkpoint, with its metrics truncated to that point.
  ///
  /// Damaged checkpoints are renamed and reported. A checkpoint is usable only with the metrics that it covers. A run
  /// that was killed before its first checkpoint starts again.
  func reopen(_ directory: RunDirectory, _ observer: (Event) -> Void) throws -> Opening {
    guard FileManager.default.fileExists(atPath: directory.record.path) else {
      throw MissingError(
        what: directory.record.path, advice: "there is no run to resume: start one without --resume")
    }
    let lock = try RunLock(directory)
    do {
      try checkRecord(directory.readRecord())
      let steps = directory.checkpointedSteps()
      if steps.isEmpty { return try restart(lock, directory) }
      var damaged: [(step: Int, error: DataError)] = []
      for step in steps.reversed() {
        if let error = try CheckpointFiles.damage(sidecar: directory.sidecar(step: step)) {
          damaged.append((step, error))
          continue
        }
        let (saved, loop) = try resumed(directory, step: step)
        do {
          let metrics = try openMetrics(directory, at: saved.metrics, afterDamage: damaged.map(\.error))
          if saved.schema < CheckpointFiles.schema {
            observer(
              .notice(
                "\(directory.sidecar(step: step).path) is of schema \(saved.schema), without a digest of its own: "
                  + "its step, digest and sums are taken at their word"))
          }
          for (step, error) in damaged {
            let ending = try directory.setAside(step: step)
            observer(
              .notice(
                "damaged: \(error.reason); the checkpoint after step \(step) is set aside as *\(ending), "
                  + "going on after step \(saved.state.step)"))
          }
          return (lock, loop, metrics, try selection(in: directory))
        } catch let error as DataError {
          damaged.append((step, error))
        }
      }
      throw DataError(
        file: damaged[0].error.file, place: damaged[0].error.place, found: damaged[0].error.found,
        expected: damaged[0].error.expected,
        advice: "no checkpoint before it is whole: restore the file from a copy, or start the run again")
    } catch {
      lock.release()
      throw error
    }
  }

  /// Throws a `DataError` unless the run's record matches this trainer.
  private func checkRecord(_ record: RunRecord) throws {
    let file = record.document.file
    func refuse(_ place: String, found: String, advice: String) -> DataError {
      DataError(
        file: file, place: place, found: found, expected: "what is asked for", advice: advice)
    }
    // Checked first: a run that changes its contract would have the bits of neither contract.
    let (began, now) = (record.contract, NumericContract.current)
    guard began == now else {
      throw DataError(
        file: file, place: NumericContract.key, found: "a run begun under contract \(began)",
        expected: "contract \(now), which is in force here",
        advice: "to go on under contract \(began), \(began.instruction); or start the run again")
    }
    if let origin = record.origin {
      throw refuse(
        WeightsOrigin.key, found: "weights imported from \(origin.file)",
        advice: "only a run that was trained here can be resumed")
    }
    let advice = "give the flags of the first start, or another directory"
    guard record.provenance == provenance else {
      throw refuse(
        "provenance", found: "a run on other data", advice: "resume with the data of the first start")
    }
    guard record.measurement == measurement?.record else {
      throw refuse("measurement", found: "a run with another one", advice: advice)
    }
    guard record.recipe == recipe else {
      throw refuse("recipe", found: "a run of another recipe", advice: advice)
    }
    guard record.options.onDivergence == options.onDivergence else {
      throw refuse("on_divergence", found: record.options.onDivergence.rawValue, advice: advice)
    }
    guard record.options.selectEvery == options.selectEvery else {
      throw refuse("select_every", found: "\(record.options.selectEvery)", advice: advice)
    }
  }

  /// A checkpoint whose files are intact, and the loop at it. Throws a `DataError` if it does not belong to this run.
  private func resumed(
    _ directory: RunDirectory, step: Int
  ) throws -> (Checkpoint<Element>, TrainingLoop<Element>) {
    let sidecar = directory.sidecar(step: step)
    let network = recipe.architecture.network(classes: source.classes)
    let saved = try Checkpoint<Element>(sidecar: sidecar, network: network)
    guard saved.recipe == recipe, saved.digestEvery == options.digestEvery else {
      throw DataError(
        file: sidecar.path, place: "recipe", found: "a run of another recipe or digest interval",
        expected: "the ones asked for", advice: "give the flags of the first start, or another directory")
    }
    let loop = try makeLoop(state: saved.state)
    let (perEpoch, state) = (loop.stepsPerEpoch, saved.state)
    // Uses division instead of multiplication, because a step count from a file may have any value.
    guard state.step == step, state.epoch <= recipe.epochs, state.step / perEpoch == state.epoch,
      state.step % perEpoch == state.stepInEpoch
    else {
      throw DataError(
        file: sidecar.path, place: "step",
        found: "step \(state.step) as step \(state.stepInEpoch) of epoch \(state.epoch)",
        expected: "step \(step) at \(perEpoch) steps an epoch",
        advice: "resume with the data of the first start")
    }
    return (saved, loop)
  }

  /// The metrics, truncated to a checkpoint. If the truncated part is damaged, a copy of the whole file is kept.
  private func openMetrics(
    _ directory: RunDirectory, at position: LineLog.Position, afterDamage errors: [DataError]
  ) throws -> LineLog {
    let isDamaged = errors.contains { $0.file == directory.metrics.path }
    let copy = isDamaged ? try directory.keepDamagedMetrics() : nil
    do { return try LineLog(resuming: directory.metrics, at: position) } catch {
      if let copy { unlink(copy.path) }
      throw error
    }
  }

  /// The selection among the epochs of the metrics.
  private func selection(in directory: RunDirectory) throws -> EpochSelection {
    var selection = EpochSelection(every: options.selectEvery)
    guard selection.every > 0 else { return selection }
    let mark = Data("\"event\":\"\(EpochRecord.event)\"".utf8)
    let bytes = try FileContents.read(directory.metrics, limit: RunDirectory.metricsLimit)
    for line in bytes.split(separator: 0x0A) where line.range(of: mark) != nil {
      let file = directory.metrics.path
      let record = try EpochRecord(JSONCursor(JSON(parsing: Data(line), file: file), file: file))
      selection.consider(epoch: record.epoch, accuracy: record.selectionAccuracy)
    }
    return selection
  }

  /// A run without a checkpoint: nothing was lost if it has no metrics either.
  private func restart(_ lock: RunLock, _ directory: RunDirectory) throws -> Opening {
    let size = try? FileManager.default.attributesOfItem(atPath: directory.metrics.path)[.size] as? Int
    guard size ?? 0 == 0 else {
      throw MissingError(
        what: "a checkpoint in \(directory.checkpoints.path)",
        advice: "restore one from a copy, or start the run again in another directory")
    }
    return try start(makeLoop(state: nil), lock, directory)
  }
}
