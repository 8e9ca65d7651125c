import EscapementArtifacts
import Foundation
import Testing
import EscapementTraining

@testable import EscapementVerification

/// Curvature of finished runs counts if it was measured well, and is compared with its like.
@Suite struct CurvatureEvidenceTests {
  private typealias Row = SyntheticRun.Curvature

  /// H8 on five seeds of both methods: |λ_min|/λ_max of classes 7 and 9 is 0.3 under SGD and 0.1 under SAM.
  private func judge(
    _ change: (_ isSAM: Bool, _ seed: Int, inout [Row]) -> Void = { _, _, _ in },
    event: (_ isSAM: Bool, SyntheticRun, [Row]) -> JSON = { $1.spectrum(after: 199, $2) },
    steps planned: (_ isSAM: Bool) -> Int? = { _ in nil }
  ) throws -> Verdict {
    try RunArchiveTests.withFolder { folder in
      for isSAM in [false, true] {
        for seed in 0..<5 {
          var run = try SyntheticRun("cifar10-lt100/ce-drw\(isSAM ? "-sam" : "")", seed: UInt64(seed))
          var rows = [7, 9].map { label in
            Row(
              label: label, smallest: (isSAM ? -10 : -30) - 0.1 * Double(isSAM ? seed % 2 : seed % 3),
              largest: 100)
          }
          change(isSAM, seed, &rows)
          run.extraEvents = [event(isSAM, run, rows)]
          if let steps = planned(isSAM) { run.faults = ["measurement.steps": .integer(steps)] }
          try run.write(in: folder, as: "\(isSAM)-\(seed)")
        }
      }
      let archive = try RunArchive(reading: [folder])
      #expect(archive.counted.count == 10)
      return try #require(ClaimCatalog.standard["H8"]).judge(ClaimContext(runs: archive))
    }
  }

  private func reason(_ verdict: Verdict) -> String {
    if case .notRun(let reason) = verdict.outcome { reason } else { "\(verdict.outcome)" }
  }

  @Test func convergedValuesCount() throws {
    let verdict = try judge()
    #expect(verdict.outcome == .supported, "\(verdict.summary)")
    #expect(
      verdict.details.contains(
        "curvature: plain mean cross-entropy, running statistics, all images of a class, 100 Lanczos steps, "
          + "1 start vector"))
    let residual = verdict.measurements.first { $0.name.hasPrefix("largest residual, ") }
    // 0.001 of 130: the least spread is that of SAM's runs, 110.
    #expect(residual?.holds == nil && (residual?.value ?? 1) < 0.001)
  }

  /// Three steps and a residual of 30: the numbers say what converged ones say, and show nothing.
  @Test func unconvergedValuesDoNotCount() throws {
    let verdict = try judge { _, _, rows in
      for index in rows.indices { (rows[index].steps, rows[index].residual) = (3, 30) }
    }
    #expect(verdict.outcome != .supported && verdict.measurements.isEmpty)
    #expect(
      reason(verdict).contains("seed 0, does not count: not converged after 3 steps: a residual of 23.08 %"))
    // One class of one run is enough.
    let one = try judge { isSAM, seed, rows in if isSAM, seed == 3 { rows[1].residual = 30 } }
    #expect(reason(one).contains("of class 9, cifar10-lt100/ce-drw-sam, seed 3, does not count"))
    let silent = try judge { _, _, rows in rows[0].residual = nil }
    #expect(reason(silent).hasSuffix("does not count: no residual is on record"))
  }

  /// The bound is 1 % of λ_max − λ_min, at either end and with the rounding.
  @Test func theBound() throws {
    try RunArchiveTests.withFolder { folder in
      func counts(_ residual: Double) throws -> Bool {
        var run = try SyntheticRun("fixture/ce", seed: 0)
        run.extraEvents = [
          run.spectrum(after: 9, [Row(label: 9, smallest: -28, largest: 100, residual: residual)])
        ]
        try run.write(in: folder, as: "a")
        let evidence = try #require(
          try RunArchive(reading: [folder]).runs(of: RunSelection("fixture/ce")).first)
        #expect(evidence.curvature.count == 1 && evidence.last[.trainingLoss(ofClass: 9)] == 0.5)
        return evidence.last[.saddleRatio(ofClass: 9)] != nil
      }
      // 1.28 of a spread of 128.
      let counted = try [0, 1.27, 1.29, 30].map(counts)
      #expect(counted == [true, true, false, false])
      // What the bound is derived from: the ratio moves by less than 0.05 for all ratios up to 1.
      let share = CurvatureMeasurement.residualShare
      for ratio in stride(from: 0.0, through: 1, by: 0.125) {
        let spread = 1 + ratio
        let worst = (ratio + share * spread) / (1 - share * spread)
        #expect(worst - ratio < 0.05)
      }
    }
  }

  @Test func onlyLikeIsCompared() throws {
    // Fewer steps under one of the two methods, however small its residuals.
    let steps = try judge(
      { isSAM, _, rows in
        if isSAM { for index in rows.indices { rows[index].steps = 50 } }
      })
    #expect(
      steps.outcome == .inconclusive && steps.summary.contains("measured in several ways is not compared"))
    #expect(steps.summary.contains("50 Lanczos steps") && steps.summary.contains("100 Lanczos steps"))
    // A Krylov space that was exhausted is no other procedure: what was asked for is compared.
    let exhausted = try judge(
      { isSAM, _, rows in
        if isSAM { for index in rows.indices { rows[index].steps = 50 } }
      }, steps: { _ in 100 })
    #expect(exhausted.outcome == .supported)
    let batch = try judge(event: { isSAM, run, rows in
      run.spectrum(after: 199, rows, normalization: isSAM ? "batch" : "running")
    })
    #expect(reason(batch).contains("under batch statistics, where the claims are about"))
    let weighted = try judge(event: { _, run, rows in
      run.spectrum(after: 199, rows, loss: "training loss")
    })
    #expect(reason(weighted).contains("measured on the training loss"))
  }

  private static let rows: [(String, JSON, String)] = [
    ("samples", 49, "found 49 images, expected 50"), ("steps", 0, "classes[0].steps"),
    ("smallest_residual", -1.0, "a finite number of at least 0"), ("largest", .string("nan"), "largest"),
    ("class", 10, "a class below 10"),
  ]

  /// Rows that no measurement of the run has make the whole run damaged.
  @Test(arguments: rows)
  func rowsThatNoRunHas(_ key: String, _ value: JSON, _ cause: String) throws {
    try RunArchiveTests.withFolder { folder in
      var run = try SyntheticRun("cifar10-lt100/ce", seed: 0)
      let event = run.spectrum(after: 199, [Row(label: 9, smallest: -1, largest: 4)])
      var row = try #require(event["classes"]?.array?.first?.object)
      row[key] = value
      var members = try #require(event.object)
      members["classes"] = .array([.object(row)])
      run.extraEvents = [.object(members)]
      try run.write(in: folder, as: "a")
      let text = try RunArchive(reading: [folder]).entries[0].standing.text
      #expect(text.hasPrefix("not counted: damaged") && text.contains(cause), "\(text)")
    }
  }

  /// What is measured anew after a resume replaces what was there, also where it no longer counts.
  @Test func theLastMeasurementOfAnEpochCounts() throws {
    try RunArchiveTests.withFolder { folder in
      var run = try SyntheticRun("fixture/ce", seed: 0)
      run.extraEvents = [0.001, 30].map {
        run.spectrum(after: 9, [Row(label: 9, smallest: -2, largest: 8, residual: $0)])
      }
      try run.write(in: folder, as: "a")
      let epoch = try #require(try RunArchive(reading: [folder]).counted.first?.epochs.last)
      #expect(epoch.curvature.count == 1 && epoch.curvature[0].obstacle != nil)
      #expect(epoch.figures[.largestEigenvalue(ofClass: 9)] == nil)
    }
  }

  /// H1-head says that an eigenvalue is not there, which only a limit shows: one with a failure probability, and a small one.
  @Test func absenceNeedsALimitThatHolds() throws {
    func judge(limit: Double?, failure: Double?) throws -> Verdict {
      try RunArchiveTests.withFolder { folder in
        for seed in 0..<3 {
          var run = try SyntheticRun("cifar10-lt100/ce-drw", seed: UInt64(seed))
          var row = Row(label: 0, smallest: -0.5 - 0.01 * Double(seed), largest: 100)
          (row.lowerLimit, row.failureProbability) = (limit.map { $0 - 0.02 * Double(seed) }, failure)
          run.extraEvents = [run.spectrum(after: 199, [row])]
          try run.write(in: folder, as: "\(seed)")
        }
        let archive = try RunArchive(reading: [folder])
        return try #require(ClaimCatalog.standard["H1-head"]).judge(ClaimContext(runs: archive))
      }
    }
    let shown = try judge(limit: -1, failure: 2e-6)
    #expect(shown.outcome == .supported, "\(shown.summary)")
    #expect(try judge(limit: -20, failure: 2e-6).outcome == .refuted)
    for (limit, failure) in [(-1.0, 0.5), (-1, nil), (nil, 2e-6)] as [(Double?, Double?)] {
      guard case .notRun(let reason) = try judge(limit: limit, failure: failure).outcome else {
        Issue.record(
          "a limit of \(String(describing: limit)) failing with \(String(describing: failure)) counted")
        continue
      }
      #expect(reason.contains("has no limit of |λ_min|/λ_max of class 0"), "\(reason)")
    }
  }
}
