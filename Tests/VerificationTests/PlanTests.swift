import EscapementArtifacts
import Foundation
import Testing
import EscapementTraining

@testable import EscapementVerification

/// What a verification would take.
@Suite struct PlanTests {
  static func plan(_ ids: [String], _ archive: RunArchive = RunArchive()) throws -> VerificationPlan {
    VerificationPlan(
      try ClaimCatalog.standard.selecting(ids: ids, tiers: Set(Tier.allCases)), archive: archive)
  }

  @Test func stepsAndImagesAreCounted() throws {
    let plan = try Self.plan(["S17", "T1", "H3"])
    #expect(plan.items.map(\.requests.count).sorted() == [0, 1, 1, 1])
    let request = try #require(plan.requests.first)
    #expect(request.preset.name.hasPrefix("cifar10-lt") && request.missing == [0, 1, 2, 3, 4])
    // 12406 images in batches of 128: 97 steps an epoch, 200 epochs.
    let drw = try #require(try Self.plan(["H1"]).requests.first)
    #expect(drw.preset.name == "cifar10-lt100/ce-drw")
    #expect(drw.trainingImages == 12_406 && drw.steps == 19_400 && drw.images == 2_481_200)
    #expect(drw.testImages == 10_000 && drw.evaluations == 19_400)
    // Classes 0 and 9, 5000 and 50 images, after the last epoch: 100 Lanczos steps and 5 more products each.
    #expect(drw.spectra?.text == "0,9" && drw.spectrumCount == 2 && drw.spectrumImages == 5050 * 105)
    // 19400 gradients of a quarter of a second, 2 million test images of 1/1024 of one, and 530250 images in products.
    let cost = StepCost(
      evaluation: 0.25, testImage: 1.0 / 1024, productImage: 1.0 / 1024, memory: 1)
    #expect(drw.spectrumSeconds(cost) == 517.822265625)
    #expect(drw.cpuSeconds(cost) == 4850 + 1953.125 + 517.822265625)
    // Without the cost of a product the time of a run with spectra is not known.
    let unmeasured = StepCost(evaluation: 0.25, testImage: 1.0 / 1024, memory: 1)
    #expect(drw.cpuSeconds(unmeasured) == nil)
  }

  /// SAM asks for two gradients a step, and its time has both.
  @Test func bothPassesOfSAMAreCounted() throws {
    let request = try #require(try Self.plan(["P18"]).requests.first)
    #expect(request.preset.name == "cifar10-lt100/ce-drw-sam" && request.spectrumCount == 0)
    #expect(request.steps == 19_400 && request.evaluations == 38_800)
    let cost = StepCost(evaluation: 0.25, testImage: 1.0 / 1024, memory: 1)
    #expect(request.cpuSeconds(cost) == 9700 + 1953.125)
  }

  /// What leads to one recipe is one request, whatever names claims have for it.
  @Test func oneRecipeIsPlannedOnce() throws {
    let all = VerificationPlan(ClaimCatalog.standard.claims, archive: RunArchive())
    let digests = all.requests.map { RecordedRun.digest(of: $0.recipe, testTime: $0.preset.testTime) }
    #expect(Set(digests).count == digests.count)
    #expect(try SweepManifest(all.rows, version: "v").rows.count == all.rows.count)
    // P4 asks for the preset, P18 for its own radius 0.5 beside others.
    let both = try Self.plan(["P4-C10", "P18-C10"])
    let shared = both.requests.filter { request in
      request.claims.contains("P18-C10") && request.claims.contains { $0.hasPrefix("P4") }
    }
    #expect(shared.count == 1 && shared.first?.radius == nil)
    #expect(shared.first?.preset.name == "cifar10-lt100/ce-drw-sam")
    #expect(both.requests.count { $0.preset.name == "cifar10-lt100/ce-drw-sam" } == 4)
    for item in both.items { #expect(Set(item.requests).count == item.requests.count) }
  }

  /// The classes and epochs of all claims that share a recipe: H1 asks for classes 0 and 9 at the end, H12 for class 9 after
  /// epoch 160 too.
  @Test func needsOfClaimsAreJoined() throws {
    let joined = try Self.plan(["H1", "H12"])
    let request = try #require(joined.requests.first)
    #expect(joined.requests.count == 1 && request.claims == ["H1", "H12"])
    // Class 0 after epoch 200, class 9 after 160 too.
    #expect(request.spectra?.text == "0,9@160" && request.spectrumCount == 3)
  }

  /// Measured at a common divisor of the epochs, as the smallest alone would miss one that it does not divide.
  @Test func everyEpochThatIsAskedForIsMeasured() throws {
    let preset = try #require(Preset.all.first { $0.name == "cifar10-lt100/ce-drw" })
    let quantities = [60, 160].map { epoch in
      RunQuantity(RunSelection(preset.name, epoch: epoch), .largestEigenvalue(ofClass: 3))
    }
    let request = RunRequest(
      preset: preset, radius: nil, claims: [], quantities: quantities, seeds: 5, archive: RunArchive())
    #expect(request.spectra?.text == "3@20" && request.spectrumCount == 10)
  }

  @Test func commandsTrainWhatIsMissing() throws {
    let plan = try Self.plan(["H12"])
    #expect(plan.requests.count == 1, "after epoch 160 and at the end: the same runs")
    #expect(
      plan.requests[0].command(seed: 3)
        == "escapement train --preset cifar10-lt100/ce-drw --seed 3 --data DATA --spectra 9@160 "
        + "--out runs/cifar10-lt100-ce-drw-seed3")
    let sweep = try Self.plan(["P18-C10"]).requests
    #expect(sweep.map(\.radius) == [0.05, 0.1, 0.2, nil], "0.5 is the preset's own")
    #expect(
      sweep[0].command(seed: 0)
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
    let plan = VerificationPlan(ClaimCatalog.standard.claims, archive: RunArchive())
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
      overall.requests.first?.command(seed: 0).contains("--spectra 9,all ")
        == true)
    let overfitting = try Self.plan(["A7"]).requests
    #expect(overfitting.count == 1 && overfitting.first?.spectra == nil)
  }
}
