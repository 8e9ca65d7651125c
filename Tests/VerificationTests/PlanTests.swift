import Artifacts
import Foundation
import Testing
import Training

@testable import Verification

/// What a verification would take.
@Suite struct PlanTests {
  static func plan(_ ids: [String], _ archive: RunArchive = RunArchive()) throws -> VerificationPlan {
    VerificationPlan(
      try ClaimCatalogue.standard.selecting(ids: ids, tiers: Set(Tier.allCases)), archive: archive)
  }

  @Test func stepsAndPicturesAreCounted() throws {
    let plan = try Self.plan(["S17", "T1", "H3"])
    #expect(plan.items.map(\.requests.count).sorted() == [0, 0, 1])
    let request = try #require(plan.requests.first)
    #expect(request.preset.name.hasPrefix("cifar10-lt") && request.missing == [0, 1, 2, 3, 4])
    // 12406 pictures in batches of 128: 97 steps an epoch, 200 epochs.
    let drw = try #require(try Self.plan(["H1"]).requests.first)
    #expect(drw.preset.name == "cifar10-lt100/ce-drw")
    #expect(drw.trainingPictures == 12_406 && drw.steps == 19_400 && drw.images == 2_481_200)
    #expect(drw.testPictures == 10_000)
    // 19400 steps of a quarter of a second, and 2 million test pictures of 1/1024 of one.
    #expect(drw.cpuSeconds(StepCost(step: 0.25, testPicture: 1.0 / 1024, memory: 1)) == 4850 + 1953.125)
  }

  @Test func commandsTrainWhatIsMissing() throws {
    let plan = try Self.plan(["H12"])
    #expect(plan.requests.count == 1, "after epoch 160 and at the end: the same runs")
    #expect(
      plan.requests[0].command(seed: 3)
        == "escapement train --preset cifar10-lt100/ce-drw --seed 3 --data DATA --spectrum-every 160 "
        + "--spectrum-classes 9 --out runs/cifar10-lt100-ce-drw-seed3")
    let sweep = try Self.plan(["P18"]).requests
    #expect(sweep.compactMap(\.radius) == [0.1, 0.05, 0.2, 0.5, 0.8])
    #expect(
      sweep[1].command(seed: 0)
        == "escapement train --preset cifar10-lt100/ce-drw-sam --rho 0.05 --seed 0 --data DATA "
        + "--out runs/cifar10-lt100-ce-drw-sam-rho0.05-seed0")
  }

  @Test func whatIsThereIsNotTrainedAgain() throws {
    try RunArchiveTests.withFolder { folder in
      for (seed, isPublished, isMeasured) in [
        (0, true, true), (1, true, false), (2, true, true), (3, false, true),
      ] {
        var run = try SyntheticRun("cifar10-lt100/ce-drw", seed: UInt64(seed))
        run.isPublished = isPublished
        if isMeasured {
          run.extraEvents = [
            run.spectrum(after: 199, [0, 9].map { .init(label: $0, smallest: -1, largest: 4) })
          ]
        }
        try run.write(in: folder, as: "run-\(seed)")
      }
      let archive = try RunArchive(reading: [folder])
      // Curvature is asked for: a run without it does not help.
      let plan = try Self.plan(["H1"], archive)
      let request = try #require(plan.requests.first)
      #expect(request.present == [0, 2] && request.missing == [1, 3, 4])
      #expect(plan.missingRuns == 3 && plan.missingSteps == 3 * 19_400)
      #expect(plan.need(of: plan.items[0]) == "2 of 5 runs present")
      let accuracies = try Self.plan(["P3"], archive)
      #expect(accuracies.requests[0].present == [0, 1, 2] && accuracies.requests[0].missing == [3, 4])
    }
  }

  /// Each claim about runs either names what it lacks or why nothing can be trained.
  @Test func everyClaimSaysWhatItNeeds() throws {
    let plan = VerificationPlan(ClaimCatalogue.standard.claims, archive: RunArchive())
    for item in plan.items {
      let need = plan.need(of: item)
      #expect((need == "no runs") == (!item.claim.tier.waitsForRuns), "\(item.claim.id): \(need)")
    }
    for request in plan.requests {
      #expect(request.missing.isEmpty == (request.obstacle != nil), "\(request.preset.name)")
      #expect(request.obstacle != nil || request.steps != nil, "\(request.preset.name)")
    }
    let overall = try Self.plan(["H0"])
    #expect(
      overall.requests.first?.command(seed: 0).contains("--spectrum-every 200 --spectrum-classes 9,all ")
        == true)
    let overfitting = try Self.plan(["A7"]).requests
    #expect(overfitting.count == 1 && overfitting.first?.spectrumEvery == nil)
  }
}
