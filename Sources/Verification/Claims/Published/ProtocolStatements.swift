import EscapementOptimizers
import EscapementLongTail
import EscapementTraining

// Constants of the training protocol: the papers' statements compared with the released code and this package's
// presets.

extension Claim {
  /// The claims about the training protocol, in the catalog's order.
  static let protocolStatements: [Claim] =
    [.literalWeights] + otherOptimizers + [
      .stages, .decayFactors, .lossConstants, .cifarProtocol, .largeProtocol, .deferral,
    ]

  /// D6: the learning rate.
  static let decayFactors = Claim(
    id: "D6", kind: .consistency, source: .supplement("§C"),
    quote:
      "In the initial 5 epochs, we linearly increase the learning rate to reach 0.1. Following that, "
      + "a multi-step learning rate schedule decays the learning rate by scaling it with 0.001 and "
      + "0.0001 at 160th and 180th epoch, respectively",
    statement:
      "On CIFAR the rate rises over 5 epochs to 0.1 and is scaled by 0.001 and 0.0001 from epochs 160 and 180 on, as in "
      + "the released code.",
    tier: .exact,
    leaf: .protocols, weight: .remark,
    nulls: .none(because: "it is refuted as it stands: there is no effect that a null could take from it"),
    refutedBy: "A rate of the released schedule that is another one.",
    procedure:
      "The rates of the released schedule, which the presets take, at the epochs around each change, against the stated "
      + "ones.",
    variant: "0-based epochs; a factor applies after that many completed epochs"
  ) { context in
    var evidence = Evidence()
    let schedule = try protocolPreset("cifar10-lt100/ce", context).recipe.schedule
    var dropped = ""
    for (epoch, rate) in [(0, 0.02), (4, 0.1), (5, 0.1), (159, 0.1), (160, 0.1 * 0.001), (180, 0.1 * 0.0001)]
    {
      let found = evidence.equal(
        "rate of epoch \(epoch)", schedule.rate(epoch: epoch), to: rate, within: 1e-12,
        because: "products of decimal fractions, rounded")
      if epoch == 160 { dropped = found.valueText }
    }
    evidence.note(
      "0.001 is the rate after the first drop and 0.0001 the factor of the second: the text mixes the two.")
    return evidence.verdict(
      ifAllHold: .supported, summary: "the rates are those stated",
      refutation:
        "the released rate of epoch 160 is \(dropped), a factor of 0.01; the stated factor is 0.001")
  }

  /// D7: the constants of the losses.
  static let lossConstants = Claim(
    id: "D7", kind: .own, source: .supplement("§C"),
    statement:
      "The presets of VS have γ = 0.05 and τ = 0.75, and those of LDAM a largest margin of 0.5 on CIFAR and of 0.3 on the "
      + "large data sets, as stated.",
    tier: .exact,
    leaf: .protocols, weight: .remark,
    nulls: .none(
      because: "it compares stated constants or formulas: no radius, label, class count or Hessian enters"),
    refutedBy: "A preset of these losses with another constant.",
    procedure:
      "The constants of every preset of VS and LDAM that repeats a row of the papers. The defaults of the released code are "
      + "noted: for VS they are others.",
    variant: "constants as stated"
  ) { context in
    var evidence = Evidence()
    var found = (vs: 0, margins: 0)
    var other = 0
    for preset in context.presets where preset.isOfThePaper {
      switch preset.recipe.loss {
      case .vs(let gamma, let tau):
        found.vs += 1
        if gamma != 0.05 || tau != 0.75 { other += 1 }
      case .ldam(let maximum, _):
        found.margins += 1
        if maximum != (preset.isLarge ? 0.3 : 0.5) { other += 1 }
      default: break
      }
    }
    evidence.none(
      "presets with another constant", other, of: found.vs + found.margins, because: "the stated constants")
    evidence.note("The released code's defaults for VS are γ = 0.3 and τ = 1; no released command trains VS.")
    return evidence.verdict(
      ifAllHold: .supported, summary: "\(found.vs) presets of VS and \(found.margins) of LDAM have them",
      refutation: "\(other) presets have other constants")
  }

  /// D8: the protocol on CIFAR, and the radii of Table 1.
  static let cifarProtocol = Claim(
    id: "D8", kind: .own, source: .supplement("§C and Table 1"),
    statement:
      "The presets of CIFAR rows have a ResNet-32, momentum 0.9, batches of 128 and 200 epochs, those of VS 300, a rate that "
      + "rises over 5 epochs to 0.1, and the radii of Table 1, as stated.",
    tier: .exact,
    leaf: .protocols, weight: .remark,
    nulls: .losing([.permutedLabels]), refutedBy: "A preset of a CIFAR row with another value.",
    procedure:
      "The values of every preset that repeats a CIFAR row of poster or supplement, and its rates of the first 100 epochs; "
      + "PaCo has its own protocol, and IB its own drops from there on.",
    variant: "constants as stated; the rate of epoch e, counted from 0, is 0.1 · min(1, (e + 1)/5)",
    procedureVersion: 2
  ) { context in
    var evidence = Evidence()
    let presets = context.presets.filter {
      $0.isOfThePaper && !$0.isLarge && $0.recipe.loss != .parametricContrastive
    }
    func mismatches(_ name: String, _ wrong: (Recipe) -> Bool) {
      evidence.none(
        "presets with another \(name)", presets.count { wrong($0.recipe) }, of: presets.count,
        because: "the stated protocol")
    }
    mismatches("network") { !$0.architecture.description.hasPrefix("resnet32") }
    mismatches("momentum") { $0.momentum != 0.9 }
    mismatches("batch size") { $0.batchSize != 128 }
    mismatches("number of epochs") { $0.epochs != ($0.loss == .vs ? 300 : 200) }
    mismatches("warm-up or peak rate") { recipe in
      !(0..<100).allSatisfy { epoch in
        // Two factors and their product are each rounded.
        (recipe.schedule.rate(epoch: epoch) - 0.1 * min(1, Double(epoch + 1) / 5)).magnitude <= 0.1 * 3
          * 0x1p-53
      }
    }
    let radii = context.table("supplement-1").rows
    let wrong = radii.count { row in
      let preset = context.presets.first { $0.name == row.preset }
      guard let rho = preset?.recipe.optimizer.radii.first else { return true }
      return rho != .constant(row[.radius] ?? .nan)
    }
    evidence.none("rows of Table 1 with another radius", wrong, of: radii.count, because: "Table 1")
    return evidence.verdict(
      ifAllHold: .supported, summary: "\(presets.count) presets and \(radii.count) radii agree")
  }

  /// D9: the protocol on the large data sets.
  static let largeProtocol = Claim(
    id: "D9", kind: .own, source: .supplement("§C"),
    statement:
      "The presets of ImageNet-LT and iNaturalist 2018 have a ResNet-50, 90 epochs, batches of 256 and a rate of 0.2 and 0.1 "
      + "that falls along half a cosine, as stated.",
    tier: .exact,
    leaf: .protocols, weight: .remark,
    nulls: .none(
      because: "it compares stated constants or formulas: no radius, label, class count or Hessian enters"),
    refutedBy: "A preset of a large-scale row with another value.",
    procedure:
      "The values of every preset on the two data sets, and their rates at the first and the middle epoch.",
    variant: "constants as stated"
  ) { context in
    var evidence = Evidence()
    let presets = context.presets.filter(\.isLarge)
    let wrong = presets.count { preset in
      let recipe = preset.recipe
      let base = recipe.data == "imagenet-lt" ? 0.2 : 0.1
      let rates = (recipe.schedule.rate(epoch: 0), recipe.schedule.rate(epoch: 45))
      return !recipe.architecture.description.hasPrefix("resnet50") || recipe.epochs != 90
        || recipe.batchSize != 256 || !((rates.0 - base).magnitude <= 1e-12)
        || !((rates.1 - base / 2).magnitude <= 1e-12)
    }
    evidence.none("presets with another value", wrong, of: presets.count, because: "the stated protocol")
    return evidence.verdict(ifAllHold: .supported, summary: "\(presets.count) presets agree")
  }

  /// D10: the deferral of Algorithm 1.
  static let deferral = Claim(
    id: "D10", kind: .own, source: .supplement("Algorithm 1, §C and §G"),
    statement:
      "The presets of DRW + SAM re-weight from epoch 160 on CIFAR and from epoch 60 on ImageNet-LT and iNaturalist 2018, with "
      + "ρ_drw = ρ there and ρ_drw > ρ here, as stated; Algorithm 1 asks for ρ_drw ≥ ρ.",
    tier: .exact,
    leaf: .protocols, weight: .remark,
    nulls: .none(
      because: "it compares stated constants or formulas: no radius, label, class count or Hessian enters"),
    refutedBy:
      "A preset of the papers' DRW + SAM whose re-weighting begins at another epoch, whose radius falls, or whose last radius "
      + "is not the first one on CIFAR or not above that of the epoch before re-weighting on the large data sets.",
    procedure:
      "Every preset that repeats a row with SAM and weights by the effective number of samples (IB has its own): the first epoch T with weights, and ρ of every "
      + "epoch. ρ is that of epoch T − 1, ρ_drw that of the last epoch.",
    variant:
      "T is the released code's, on the large sets the epoch at which §C raises ρ to 0.5; the papers do not print a T"
  ) { context in
    var evidence = Evidence()
    let presets = context.presets.filter { preset in
      guard case .effectiveNumber? = preset.recipe.weighting?.kind else { return false }
      return preset.isOfThePaper && preset.recipe.optimizer.radii.count == 1
    }
    var wrong = (start: 0, falls: 0, step: 0)
    for preset in presets {
      let (recipe, start) = (preset.recipe, preset.isLarge ? 60 : 160)
      let radii = (0..<recipe.epochs).map { recipe.optimizer.radii[0].rho(epoch: $0) }
      if recipe.weighting?.start != start { wrong.start += 1 }
      if !zip(radii, radii.dropFirst()).allSatisfy(<=) { wrong.falls += 1 }
      let (before, after) = (radii[start - 1], radii[recipe.epochs - 1])
      if preset.isLarge ? !(after > before) : after != radii[0] { wrong.step += 1 }
    }
    evidence.none("presets with another T", wrong.start, of: presets.count, because: "the stated protocol")
    evidence.none("presets whose ρ falls", wrong.falls, of: presets.count, because: "ρ_drw ≥ ρ")
    evidence.none("presets with another ρ_drw", wrong.step, of: presets.count, because: "§C and §G")
    return evidence.verdict(ifAllHold: .supported, summary: "\(presets.count) presets agree")
  }

  /// M2: the class weights of Algorithm 1.
  static let literalWeights = Claim(
    id: "M2", kind: .consistency, source: .supplement("Algorithm 1"),
    quote: "Compute re-weighted Loss L_RW ← (1/b) Σ_{(x,y)∈B} n_y⁻¹ · L(y; g_w(x))",
    statement:
      "Algorithm 1 and the released code weigh alike: weights of 1/n_y with the sum divided by the batch's size give gradients "
      + "of the size that the code's weighted mean has.",
    tier: .exact,
    leaf: .algorithm, weight: .remark,
    nulls: .none(because: "it is refuted as it stands: there is no effect that a null could take from it"),
    refutedBy:
      "A mean weight of Algorithm 1 over the training images that is not within a factor of two of the code's, which is 1.",
    procedure:
      "The mean of 1/n_y over the images of CIFAR-10 LT and CIFAR-100 LT at β = 100, which is C/N; the ratio of the rarest "
      + "to the most frequent class's weight in either version is shown.",
    variant: "the printed algorithm to the letter; the released code divides by the batch's sum of weights"
  ) { context in
    var evidence = Evidence()
    var factors: [String] = []
    for classes in [10, 100] {
      let counts = try context.subject.classCounts(.longTailed, classes: classes)
      guard let literal = ClassWeighting.asPrinted().weights(counts: counts, epoch: 160),
        let released = ClassWeighting.deferred().weights(counts: counts, epoch: 160)
      else { preconditionFailure("both weightings begin at epoch 160") }
      let sum = zip(literal, counts).map { $0 * Double($1) }.reduce(0, +)
      let mean = sum / Double(counts.reduce(0, +))
      evidence.between(
        "mean weight of an image, CIFAR-\(classes) LT", mean, 0.5, 2,
        because: "a factor of two would be a matter of the rate; a weighted mean has 1")
      for (name, weights) in [("as printed", literal), ("as released", released)] {
        evidence.observe(
          "largest over smallest weight, \(name), CIFAR-\(classes) LT",
          (weights.max() ?? .nan) / (weights.min() ?? .nan), because: "how far the classes are set apart")
      }
      factors.append("\(Int((1 / mean).rounded()))")
    }
    evidence.note("The direction of SAM's ascent does not change with the scale; the descent does.")
    return evidence.verdict(
      ifAllHold: .supported, summary: "the scales agree",
      refutation:
        "to the letter gradients are smaller by \(factors.joined(separator: " and ")) times (CIFAR-10, CIFAR-100)"
    )
  }

  /// M4 and M5: the constants of LPF-SGD and PGD.
  static let otherOptimizers: [Claim] = [
    (
      "M4",
      "The presets of LPF-SGD have 8 draws a step and a radius of 0.001, constant over the run, as stated.",
      "ce-drw-lpf-sgd", []
    ),
    (
      "M5", "The presets of PGD have normal noise of standard deviation 0.0001, as stated.", "ce-drw-pgd",
      ["PGD's noise is added to the parameters; to what it is added is not stated"]
    ),
  ].map { (id: String, statement: String, method: String, assumptions: [String]) in
    Claim(
      id: id, kind: .own, source: .supplement("§C"), statement: statement, tier: .exact,
      leaf: .algorithm, weight: .remark,
      nulls: .none(
        because: "it compares stated constants or formulas: no radius, label, class count or Hessian enters"),
      assumptions: assumptions,
      refutedBy: "A preset of the rule with other constants.",
      procedure: "The constants of the presets on both CIFAR data sets.",
      variant: "the presets' own rules"
    ) { context in
      var evidence = Evidence()
      for data in ["cifar10-lt100", "cifar100-lt100"] {
        switch try protocolPreset("\(data)/\(method)", context).recipe.optimizer {
        case .lpfSGD(let radius, let shards, _) where id == "M4":
          evidence.equal("radius, \(data)", radius, to: 0.001, within: 0, because: "as stated")
          evidence.count("draws, \(data)", shards, 8)
        case .pgd(let sigma, _) where id == "M5":
          evidence.equal("standard deviation, \(data)", sigma, to: 0.0001, within: 0, because: "as stated")
        default: evidence.none("other rules, \(data)", 1, of: 1, because: "the preset's own rule")
        }
      }
      return evidence.verdict(ifAllHold: .supported, summary: "both presets have the stated constants")
    }
  }

  /// A6: the stages of SSE-SAM.
  static let stages = Claim(
    id: "A6", kind: .consistency, source: .abstract,
    quote:
      "Initially, SSE-SAM follows the majority sample to avoid saddle points of the head-class loss. "
      + "During the later phase, it focuses on tail-classes to help them escape saddle points.",
    statement:
      "The released SSE-SAM perturbs for the head classes in its first stage, and in its second for the tail classes and not "
      + "for the head.",
    tier: .exact,
    leaf: .algorithm, weight: .remark,
    nulls: .none(because: "it reads the radii of a preset, which no null replaces"),
    refutedBy:
      "An epoch of the first stage without a radius of the head, or one of the second without one of the tail or with one of "
      + "the head; a run without either stage.",
    procedure:
      "ρ of head and tail in every epoch of the preset of the released command, as the rule takes them. The tail's in the "
      + "first stage is shown: the abstract does not say that the head is perturbed alone.",
    variant: "released code: the second stage begins at the fraction γ of the run", procedureVersion: 2
  ) { context in
    var evidence = Evidence()
    let recipe = try protocolPreset("cifar100-lt100-first/ce-sse-sam", context).recipe
    guard case .sseSAM(let rhoHead, let rhoTail, let fraction, _) = recipe.optimizer else {
      return evidence.verdict(ifAllHold: .supported, summary: "")
    }
    let rule = try SSESAM(
      base: SGD<Float>(momentum: recipe.momentum, weightDecay: recipe.weightDecay), rhoHead: rhoHead,
      rhoTail: rhoTail, stageFraction: fraction, epochs: recipe.epochs)
    let second = Int((fraction * Double(recipe.epochs)).rounded(.up))
    let head = (0..<recipe.epochs).map { rule.headRadius(epoch: $0) }
    let tail = (0..<recipe.epochs).map { rule.rhoTail.rho(epoch: $0) }
    let least = Double.leastNonzeroMagnitude
    let first = evidence.atLeast(
      "smallest ρ of the head, first stage", head[..<second].min() ?? .nan, least,
      because: "the head is perturbed")
    evidence.equal(
      "largest ρ of the head, second stage", head[second...].max() ?? .nan, to: 0, within: 0,
      because: "it is no longer")
    let later = evidence.atLeast(
      "smallest ρ of the tail, second stage", tail[second...].min() ?? .nan, least,
      because: "the tail is perturbed")
    let both = evidence.observe(
      "smallest ρ of the tail, first stage", tail[..<second].min() ?? .nan,
      because: "the released code perturbs the tail then too")
    return evidence.verdict(
      ifAllHold: .supported,
      summary:
        "ρ of the head is \(first.valueText), then 0; ρ of the tail is \(later.valueText) in the second stage and "
        + "\(both.valueText) in the first")
  }

  private static func protocolPreset(_ name: String, _ context: ClaimContext) throws -> Preset {
    guard let preset = context.presets.first(where: { $0.name == name }) else {
      throw MissingPreset(name: name)
    }
    return preset
  }
}

/// The given presets do not contain one that a procedure needs.
struct MissingPreset: Error, CustomStringConvertible {
  var name: String
  var description: String { "no preset is called \(name)" }
}

extension Preset {
  /// Whether it repeats a row of the NeurIPS 2022 paper, its poster or its supplement.
  fileprivate var isOfThePaper: Bool {
    isLarge || rows.contains { $0.hasPrefix("poster") || $0.hasPrefix("supplement") || $0.hasPrefix("paper") }
  }

  /// Whether it trains on ImageNet-LT or iNaturalist 2018.
  fileprivate var isLarge: Bool { ["imagenet-lt", "inat18"].contains(recipe.data) }
}
