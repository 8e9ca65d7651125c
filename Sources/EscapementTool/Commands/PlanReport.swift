import Artifacts
import Training
import Verification

/// A plan with what this machine would take for it, as text or JSON.
struct PlanReport {
  private let plan: VerificationPlan
  /// The cost of a step of each request; nil where nothing is to be trained.
  private let costs: [StepCost?]
  private let cores = QuietCores.current

  /// Measures the steps of what is missing.
  init(_ plan: VerificationPlan) throws {
    self.plan = plan
    let meter = ProgressMeter()
    defer { meter.clear() }
    var calibration = StepCalibration()
    costs = try plan.requests.enumerated().map { index, request in
      guard !request.missing.isEmpty, request.steps != nil else { return nil }
      meter.show("timing \(request.preset.name)", done: index, total: plan.requests.count)
      return try calibration.cost(of: request.recipe)
    }
  }

  private var cpuSeconds: Double {
    zip(plan.requests, costs).reduce(0) { sum, pair in
      sum + Double(pair.0.missing.count) * (pair.1.flatMap(pair.0.cpuSeconds) ?? 0)
    }
  }

  private var memory: Int { costs.compactMap { $0?.memory }.max() ?? 0 }

  private var basis: String {
    let threads = cores.threads == 1 ? "1 thread" : "\(cores.threads) threads"
    let fewer =
      cores.cores < Double(cores.threads) ? " that share \(EpochLine.fixed(cores.cores, 2)) cores" : ""
    return
      "Steps and pictures are counted. Time is the CPU time of a timed step and a timed pass on this machine now, "
      + "divided by \(threads)\(fewer): it assumes quiet cores and threads that are busy throughout; spectra and "
      + "waiting for data are not included. Memory is this process's after such steps, pictures not included."
  }

  /// Two tables, the commands and the totals.
  var text: String {
    var claims = TextTable(heading: ["claim", "tier", "needs"])
    claims.rows = plan.items.map { [$0.claim.id, $0.claim.tier.rawValue, plan.need(of: $0)] }
    guard !plan.requests.isEmpty else { return claims.text + "\n\nno runs are needed" }
    var runs = TextTable(
      heading: ["runs of", "present", "missing seeds", "steps a run", "pictures a run", "time a run"],
      rightAligned: [1, 3, 4, 5])
    runs.rows = zip(plan.requests, costs).map { request, cost in
      [
        request.preset.name + (request.radius.map { ", ρ = \($0)" } ?? ""),
        "\(request.present.count)"
          + (request.onOtherPictures > 0 ? " + \(request.onOtherPictures) other" : ""),
        request.missing.isEmpty
          ? request.obstacle ?? "none" : request.missing.map(String.init).joined(separator: ","),
        request.steps.map(String.init) ?? "?", request.images.map(String.init) ?? "?",
        cost.flatMap(request.cpuSeconds).map { ProgressText.duration(cores.seconds($0)) } ?? "",
      ]
    }
    let commands = plan.requests.flatMap { request in request.missing.map { request.command(seed: $0) } }
    var parts = [claims.text, runs.text]
    if !commands.isEmpty { parts.append(commands.joined(separator: "\n")) }
    parts.append(
      "\(plan.missingRuns) runs to train: \(plan.missingSteps) steps, \(plan.missingImages) pictures"
        + (commands.isEmpty
          ? ""
          : ", about \(ProgressText.duration(cores.seconds(cpuSeconds))) one after another, \(memory >> 20) MiB\n\(basis)")
    )
    return parts.joined(separator: "\n\n")
  }

  /// The same as one object.
  var json: JSON {
    [
      "claims": .array(
        plan.items.map { item in
          [
            "id": .string(item.claim.id), "tier": .string(item.claim.tier.rawValue),
            "procedure": .string(item.claim.procedure), "needs": .string(plan.need(of: item)),
            "requests": .array(item.requests.map { .integer($0) }),
          ]
        }),
      "requests": .array(
        zip(plan.requests, costs).map { request, cost in
          func integers(_ seeds: [UInt64]) -> JSON { .array(seeds.map { .string(String($0)) }) }
          return [
            "preset": .string(request.preset.name), "rho": request.radius.map { .number($0) } ?? .null,
            "claims": .array(request.claims.map { .string($0) }), "present": integers(request.present),
            "missing": integers(request.missing), "obstacle": request.obstacle.map { .string($0) } ?? .null,
            "on_other_pictures": .integer(request.onOtherPictures),
            "steps": request.steps.map { .integer($0) } ?? .null,
            "images": request.images.map { .integer($0) } ?? .null,
            "seconds": cost.flatMap(request.cpuSeconds).map { .number(cores.seconds($0)) } ?? .null,
            "cpu_seconds": cost.flatMap(request.cpuSeconds).map { .number($0) } ?? .null,
            "memory": cost.map { .integer($0.memory) } ?? .null,
            "commands": .array(request.missing.map { .string(request.command(seed: $0)) }),
          ]
        }),
      "totals": [
        "runs": .integer(plan.missingRuns), "steps": .integer(plan.missingSteps),
        "images": .integer(plan.missingImages), "seconds": .number(cores.seconds(cpuSeconds)),
        "cpu_seconds": .number(cpuSeconds), "threads": .integer(cores.threads), "memory": .integer(memory),
        "basis": .string(basis),
      ],
    ]
  }
}
