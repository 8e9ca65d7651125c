import EscapementArtifacts
import EscapementDrawing
import EscapementTraining
import EscapementVerification

/// A plan with its cost on this machine, as text or JSON.
struct PlanReport {
  private let plan: VerificationPlan
  /// The cost of each request; nil if nothing is to be trained, or if nothing was measured.
  private let costs: [StepCost?]
  /// Whether the speed of this machine was measured.
  private let isTimed: Bool
  private let cores = QuietCores.current

  /// A report with counts only.
  init(_ plan: VerificationPlan) {
    self.plan = plan
    costs = plan.requests.map { _ in nil }
    isTimed = false
  }

  /// A report with the time of the missing runs, measured now or earlier.
  init(_ plan: VerificationPlan, timedBy calibration: StepCalibration) throws {
    self.plan = plan
    isTimed = true
    let meter = ProgressMeter()
    defer { meter.clear() }
    var calibration = calibration
    costs = try plan.requests.enumerated().map { index, request in
      guard !request.missing.isEmpty, request.steps != nil else { return nil }
      return try calibration.cost(of: request.recipe, withProducts: request.spectrumCount > 0) { what in
        meter.show("timing a \(what)", done: index, total: plan.requests.count)
      }
    }
  }

  private func seconds(_ request: RunRequest, _ cost: StepCost?) -> Double? {
    cost.flatMap(request.cpuSeconds)
  }

  private var cpuSeconds: Double {
    zip(plan.requests, costs).reduce(0) { sum, pair in
      sum + Double(pair.0.missing.count) * (seconds(pair.0, pair.1) ?? 0)
    }
  }

  private var memory: Int { costs.compactMap { $0?.memory }.max() ?? 0 }

  private var basis: String {
    let threads = cores.threads == 1 ? "1 thread" : "\(cores.threads) threads"
    let fewer =
      cores.cores < Double(cores.threads) ? " that share \(EpochLine.fixed(cores.cores, 2)) cores" : ""
    let counted = "Steps, gradients, images and Hessian products are counted."
    guard isTimed else { return counted + " Nothing was timed." }
    return
      "\(counted) Time is the CPU time of a timed step, pass and product on this machine in the last seven days, "
      + "divided by \(threads)\(fewer): it assumes quiet cores and threads that are busy throughout; waiting for data is "
      + "not included, and products over up to 400 images take less. Memory is the process's after such steps, images "
      + "not included."
  }

  /// Two tables, the commands and the totals.
  func text(in layout: TextLayout) -> String {
    var claims = TextTable(heading: ["claim", "tier", "needs"])
    claims.rows = plan.items.map { [$0.claim.id, $0.claim.tier.rawValue, plan.need(of: $0)] }
    guard !plan.requests.isEmpty else { return claims.text(in: layout) + "\n\nno runs are needed" }
    var heading = [
      "runs of", "present", "missing seeds", "steps a run", "gradients", "images a run", "spectra",
    ]
    if isTimed { heading.append("time a run") }
    var runs = TextTable(heading: heading, rightAligned: [1, 3, 4, 5, 6, 7])
    runs.rows = zip(plan.requests, costs).map(row)
    let commands = plan.requests.flatMap { request in request.missing.map { request.command(seed: $0) } }
    var parts = [claims.text(in: layout), runs.text(in: layout)]
    if !commands.isEmpty { parts.append(commands.joined(separator: "\n")) }
    var totals =
      "\(plan.missingRuns) runs to train: \(plan.missingSteps) steps, \(plan.missingImages) images, "
      + "\(plan.missingSpectra) spectra"
    if !commands.isEmpty {
      if isTimed {
        let time = ProgressText.duration(cores.seconds(cpuSeconds))
        totals += ", about \(time) one after another, \(memory >> 20) MiB"
      }
      totals += "\n\(basis)"
    }
    parts.append(layout.wrapped(totals, hanging: 0))
    return parts.joined(separator: "\n\n")
  }

  /// A row of the table of runs.
  private func row(_ request: RunRequest, _ cost: StepCost?) -> [String] {
    func text(_ count: Int?) -> String { count.map(String.init) ?? "?" }
    let others = request.onOtherImages > 0 ? " + \(request.onOtherImages) other" : ""
    let missing = request.missing.map(String.init).joined(separator: ",")
    var cells = [
      request.preset.name + (request.radius.map { ", ρ = \($0)" } ?? ""), "\(request.present.count)\(others)",
      request.missing.isEmpty ? request.obstacle ?? "none" : missing, text(request.steps),
      text(request.evaluations), text(request.images), text(request.spectrumCount),
    ]
    if isTimed {
      cells.append(seconds(request, cost).map { ProgressText.duration(cores.seconds($0)) } ?? "")
    }
    return cells
  }

  /// The report as one JSON object.
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
            "preset": .string(request.preset.name), "rho": .optional(request.radius),
            "claims": .array(request.claims.map { .string($0) }), "present": integers(request.present),
            "missing": integers(request.missing), "obstacle": .optional(request.obstacle),
            "on_other_pictures": .integer(request.onOtherImages),
            "steps": .optional(request.steps),
            "images": .optional(request.images),
            "evaluations": .optional(request.evaluations),
            "spectra": .integer(request.spectrumCount),
            "spectrum_pictures": .optional(request.spectrumImages),
            "seconds": seconds(request, cost).map { .number(cores.seconds($0)) } ?? .null,
            "cpu_seconds": seconds(request, cost).map { .number($0) } ?? .null,
            "spectrum_cpu_seconds": cost.flatMap(request.spectrumSeconds).map { .number($0) } ?? .null,
            "memory": cost.map { .integer($0.memory) } ?? .null,
            "commands": .array(request.missing.map { .string(request.command(seed: $0)) }),
          ]
        }),
      "totals": [
        "runs": .integer(plan.missingRuns), "steps": .integer(plan.missingSteps),
        "images": .integer(plan.missingImages), "spectra": .integer(plan.missingSpectra),
        "seconds": isTimed ? .number(cores.seconds(cpuSeconds)) : .null,
        "cpu_seconds": isTimed ? .number(cpuSeconds) : .null, "threads": .integer(cores.threads),
        "memory": isTimed ? .integer(memory) : .null, "basis": .string(basis),
      ],
    ]
  }
}
