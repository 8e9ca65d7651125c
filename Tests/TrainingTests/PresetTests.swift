import EscapementLongTail
import EscapementNetworks
import Testing
import EscapementTraining

/// Every row of the papers' tables, value by value, against constants written down here from their sources a second
/// time: NeurIPS 2022 supplement (sections C, G; Tables 1 to 5), its poster, the released codes and READMEs.
@Suite struct PresetTests {
  /// NAME | network | epochs | batch | rate | decay | loss | weighting | rule.
  static let table = """
    cifar10-lt100/ce | resnet32-w16 | 200 | 128 | released 0.1 | 2e-4 | ce | - | sgd
    cifar10-lt100/ce-sam | resnet32-w16 | 200 | 128 | released 0.1 | 2e-4 | ce | - | sam 0.1
    cifar10-lt100/ce-drw | resnet32-w16 | 200 | 128 | released 0.1 | 2e-4 | ce | 0.9999 160 | sgd
    cifar10-lt100/ce-drw-sam | resnet32-w16 | 200 | 128 | released 0.1 | 2e-4 | ce | 0.9999 160 | sam 0.5
    cifar10-lt100/ldam-drw | resnet32-w16-cosine | 200 | 128 | released 0.1 | 2e-4 | ldam 0.5 30 | 0.9999 160 | sgd
    cifar10-lt100/ldam-drw-sam | resnet32-w16-cosine | 200 | 128 | released 0.1 | 2e-4 | ldam 0.5 30 | 0.9999 160 | sam 0.8
    cifar10-lt100/vs | resnet32-w16 | 300 | 128 | released 0.1 | 2e-4 | vs 0.05 0.75 | - | sgd
    cifar10-lt100/vs-sam | resnet32-w16 | 300 | 128 | released 0.1 | 2e-4 | vs 0.05 0.75 | - | sam 0.5
    cifar10-lt100/ce-drw-pgd | resnet32-w16 | 200 | 128 | released 0.1 | 2e-4 | ce | 0.9999 160 | pgd 0.0001 weights
    cifar10-lt100/ce-drw-lpf-sgd | resnet32-w16 | 200 | 128 | released 0.1 | 2e-4 | ce | 0.9999 160 | lpf 0.001 8
    cifar10-step100/ce | resnet32-w16 | 200 | 128 | released 0.1 | 2e-4 | ce | - | sgd
    cifar10-step100/ce-sam | resnet32-w16 | 200 | 128 | released 0.1 | 2e-4 | ce | - | sam 0.1
    cifar10-step100/ce-drw | resnet32-w16 | 200 | 128 | released 0.1 | 2e-4 | ce | 0.9999 160 | sgd
    cifar10-step100/ce-drw-sam | resnet32-w16 | 200 | 128 | released 0.1 | 2e-4 | ce | 0.9999 160 | sam 0.2
    cifar10-step100/ldam-drw | resnet32-w16-cosine | 200 | 128 | released 0.1 | 2e-4 | ldam 0.5 30 | 0.9999 160 | sgd
    cifar10-step100/ldam-drw-sam | resnet32-w16-cosine | 200 | 128 | released 0.1 | 2e-4 | ldam 0.5 30 | 0.9999 160 | sam 0.1
    cifar10-step100/vs | resnet32-w16 | 300 | 128 | released 0.1 | 2e-4 | vs 0.05 0.75 | - | sgd
    cifar10-step100/vs-sam | resnet32-w16 | 300 | 128 | released 0.1 | 2e-4 | vs 0.05 0.75 | - | sam 0.2
    cifar100-lt100/ce | resnet32-w16 | 200 | 128 | released 0.1 | 2e-4 | ce | - | sgd
    cifar100-lt100/ce-sam | resnet32-w16 | 200 | 128 | released 0.1 | 2e-4 | ce | - | sam 0.2
    cifar100-lt100/ce-drw | resnet32-w16 | 200 | 128 | released 0.1 | 2e-4 | ce | 0.9999 160 | sgd
    cifar100-lt100/ce-drw-sam | resnet32-w16 | 200 | 128 | released 0.1 | 2e-4 | ce | 0.9999 160 | sam 0.8
    cifar100-lt100/ldam-drw | resnet32-w16-cosine | 200 | 128 | released 0.1 | 2e-4 | ldam 0.5 30 | 0.9999 160 | sgd
    cifar100-lt100/ldam-drw-sam | resnet32-w16-cosine | 200 | 128 | released 0.1 | 2e-4 | ldam 0.5 30 | 0.9999 160 | sam 0.8
    cifar100-lt100/vs | resnet32-w16 | 300 | 128 | released 0.1 | 2e-4 | vs 0.05 0.75 | - | sgd
    cifar100-lt100/vs-sam | resnet32-w16 | 300 | 128 | released 0.1 | 2e-4 | vs 0.05 0.75 | - | sam 0.8
    cifar100-lt100/ce-drw-pgd | resnet32-w16 | 200 | 128 | released 0.1 | 2e-4 | ce | 0.9999 160 | pgd 0.0001 weights
    cifar100-lt100/ce-drw-lpf-sgd | resnet32-w16 | 200 | 128 | released 0.1 | 2e-4 | ce | 0.9999 160 | lpf 0.001 8
    cifar100-step100/ce | resnet32-w16 | 200 | 128 | released 0.1 | 2e-4 | ce | - | sgd
    cifar100-step100/ce-sam | resnet32-w16 | 200 | 128 | released 0.1 | 2e-4 | ce | - | sam 0.5
    cifar100-step100/ce-drw | resnet32-w16 | 200 | 128 | released 0.1 | 2e-4 | ce | 0.9999 160 | sgd
    cifar100-step100/ce-drw-sam | resnet32-w16 | 200 | 128 | released 0.1 | 2e-4 | ce | 0.9999 160 | sam 0.2
    cifar100-step100/ldam-drw | resnet32-w16-cosine | 200 | 128 | released 0.1 | 2e-4 | ldam 0.5 30 | 0.9999 160 | sgd
    cifar100-step100/ldam-drw-sam | resnet32-w16-cosine | 200 | 128 | released 0.1 | 2e-4 | ldam 0.5 30 | 0.9999 160 | sam 0.5
    cifar100-step100/vs | resnet32-w16 | 300 | 128 | released 0.1 | 2e-4 | vs 0.05 0.75 | - | sgd
    cifar100-step100/vs-sam | resnet32-w16 | 300 | 128 | released 0.1 | 2e-4 | vs 0.05 0.75 | - | sam 0.2
    cifar100-lt100/ib | resnet32-w16 | 200 | 128 | ib 0.1 | 2e-4 | ib 1000 100 | 1/n 100 | sgd
    cifar100-lt100/ib-sam | resnet32-w16 | 200 | 128 | ib 0.1 | 2e-4 | ib 1000 100 | 1/n 100 | sam 0.8
    cifar100-lt200/ib | resnet32-w16 | 200 | 128 | ib 0.1 | 2e-4 | ib 1000 100 | 1/n 100 | sgd
    cifar100-lt200/ib-sam | resnet32-w16 | 200 | 128 | ib 0.1 | 2e-4 | ib 1000 100 | 1/n 100 | sam 0.8
    cifar100-lt100/paco | resnet32-w16-projected | 400 | 128 | paco 0.05 | 5e-4 | paco 0.01 0.05 1024 | - | sgd
    cifar100-lt100/paco-sam | resnet32-w16-projected | 400 | 128 | paco 0.05 | 5e-4 | paco 0.01 0.05 1024 | - | sam 0.8
    cifar100-lt200/paco | resnet32-w16-projected | 400 | 128 | paco 0.05 | 5e-4 | paco 0.01 0.05 1024 | - | sgd
    cifar100-lt200/paco-sam | resnet32-w16-projected | 400 | 128 | paco 0.05 | 5e-4 | paco 0.01 0.05 1024 | - | sam 0.8
    imagenet-lt/ce | resnet50-bottleneck-w64 | 90 | 256 | cosine 0.2 90 0 | 2e-4 | ce | - | sgd
    imagenet-lt/ce-drw | resnet50-bottleneck-w64 | 90 | 256 | cosine 0.2 90 0 | 2e-4 | ce | 0.9999 60 | sgd
    imagenet-lt/ce-drw-sam | resnet50-bottleneck-w64 | 90 | 256 | cosine 0.2 90 0 | 2e-4 | ce | 0.9999 60 | sam 0.05 0.1 0.5 0.5
    imagenet-lt/ldam-drw | resnet50-bottleneck-w64-cosine | 90 | 256 | cosine 0.2 90 0 | 2e-4 | ldam 0.3 30 | 0.9999 60 | sgd
    imagenet-lt/ldam-drw-sam | resnet50-bottleneck-w64-cosine | 90 | 256 | cosine 0.2 90 0 | 2e-4 | ldam 0.3 30 | 0.9999 60 | sam 0.05 0.1 0.5 0.5
    inat18/ce-drw | resnet50-bottleneck-w64 | 90 | 256 | cosine 0.1 90 0 | 2e-4 | ce | 0.9999 60 | sgd
    inat18/ce-drw-sam | resnet50-bottleneck-w64 | 90 | 256 | cosine 0.1 90 0 | 2e-4 | ce | 0.9999 60 | sam 0.05 0.1 0.1 0.2
    inat18/ldam-drw | resnet50-bottleneck-w64-cosine | 90 | 256 | cosine 0.1 90 0 | 1e-4 | ldam 0.3 30 | 0.9999 60 | sgd
    inat18/ldam-drw-sam | resnet50-bottleneck-w64-cosine | 90 | 256 | cosine 0.1 90 0 | 1e-4 | ldam 0.3 30 | 0.9999 60 | sam 0.05 0.1 0.5 0.5
    cifar100-lt100-first/ce | resnet34-w64 | 200 | 64 | cosine 0.01 200 1 | 1e-3 | ce | - | sgd
    cifar100-lt100-first/ce-sam | resnet34-w64 | 200 | 64 | cosine 0.01 200 1 | 1e-3 | ce | - | sam 0.05
    cifar100-lt100-first/ce-imbsam | resnet34-w64 | 200 | 64 | cosine 0.01 200 1 | 1e-3 | ce | - | imbsam 0.05 20 batch 2
    cifar100-lt100-first/ce-imbsam-means | resnet34-w64 | 200 | 64 | cosine 0.01 200 1 | 1e-3 | ce | - | imbsam 0.05 100 part 1
    cifar100-lt100-first/ce-sse-sam | resnet34-w64 | 200 | 64 | cosine 0.01 200 1 | 1e-3 | ce | - | sse 0.05 0.1 0.7 100
    cifar100-lt100-first/ldamlinear-sse-sam | resnet34-w64 | 200 | 64 | cosine 0.01 200 1 | 1e-3 | ldam30 0.5 30 | - | sse 0.05 0.1 0.7 100
    cifar100-lt100-first/la-sse-sam | resnet34-w64 | 200 | 64 | cosine 0.01 200 1 | 1e-3 | vs 0.0 0.75 | - | sse 0.05 0.1 0.7 100
    cifar100-lt100-first/vs-sse-sam | resnet34-w64 | 200 | 64 | cosine 0.01 200 1 | 1e-3 | vs 0.05 0.75 | - | sse 0.05 0.1 0.7 100
    """

  /// The rows of Tables 3 and 4 at other imbalances, which differ from those at 100 in the data alone.
  static let otherImbalances = [10, 50, 200].flatMap { ratio in
    ["cifar10", "cifar100"].flatMap { set in
      ["ce-drw", "ce-drw-sam", "ldam-drw", "ldam-drw-sam"].map { (set, ratio, $0) }
    }
  }

  static func schedule(_ s: LearningRateSchedule) -> String {
    switch s {
    case .released(base: s.base): return "released \(s.base)"
    case .influenceBalanced(base: s.base): return "ib \(s.base)"
    case .parametricContrastive(base: s.base): return "paco \(s.base)"
    default:
      guard case .cosine(let epochs, let ahead) = s.curve else { return "other" }
      return "cosine \(s.base) \(epochs) \(ahead)"
    }
  }

  static func loss(_ loss: LossChoice) -> String {
    switch loss {
    case .crossEntropy: "ce"
    case .ldam(let maximum, let scale): "ldam \(maximum) \(Int(scale))"
    case .ldamOfSSESAM(let maximum, let scale): "ldam30 \(maximum) \(Int(scale))"
    case .vs(let gamma, let tau): "vs \(gamma) \(tau)"
    case .focal(let gamma, let factor): "focal \(gamma) \(factor)"
    case .influenceBalanced(let alpha, let start): "ib \(Int(alpha)) \(start)"
    case .parametricContrastive(let alpha, let heat, let queue): "paco \(alpha) \(heat) \(queue)"
    }
  }

  static func weighting(_ weighting: ClassWeighting?) -> String {
    guard let weighting else { return "-" }
    switch (weighting.kind, weighting.divisor) {
    case (.effectiveNumber(let base), .weights): return "\(base) \(weighting.start)"
    case (.inverseFrequency, .weights): return "1/n \(weighting.start)"
    default: return "other"
    }
  }

  static func rule(_ optimizer: OptimizerChoice) -> String {
    switch optimizer {
    case .sgd: return "sgd"
    case .sam(.constant(let rho), .released): return "sam \(rho)"
    case .sam(.steps(let first, let then), .released):
      guard then.map(\.epoch) == [5, 60, 75] else { return "other" }
      return (["sam", "\(first)"] + then.map { "\($0.rho)" }).joined(separator: " ")
    case .imbSAM(.constant(let rho), let eta, let parts):
      return "imbsam \(rho) \(eta) \(parts.divisor.rawValue) \(Int(parts.tailFactor))"
    case .sseSAM(.constant(let head), .constant(let tail), let gamma, let eta):
      return "sse \(head) \(tail) \(gamma) \(eta)"
    case .pgd(let sigma, let variant):
      return "pgd \(sigma == 1e-4 ? "0.0001" : "other") \(variant.rawValue)"
    case .lpfSGD(let radius, let shards, .nominal): return "lpf \(radius) \(shards)"
    default: return "other"
    }
  }

  @Test func everyRowHasItsPublishedConstants() throws {
    var seen: Set<String> = []
    for line in Self.table.split(separator: "\n") {
      let fields = line.split(separator: "|").map { $0.trimmingSpaces }
      let recipe = try Recipe.preset(fields[0])
      seen.insert(fields[0])
      #expect(recipe.architecture.description == fields[1], "\(fields[0])")
      #expect(String(recipe.epochs) == fields[2] && String(recipe.batchSize) == fields[3], "\(fields[0])")
      #expect(Self.schedule(recipe.schedule) == fields[4], "\(fields[0])")
      #expect(recipe.weightDecay == Double(fields[5]) && recipe.momentum == 0.9, "\(fields[0])")
      #expect(Self.loss(recipe.loss) == fields[6], "\(fields[0])")
      #expect(Self.weighting(recipe.weighting) == fields[7], "\(fields[0])")
      #expect(Self.rule(recipe.optimizer) == fields[8], "\(fields[0])")
      #expect(recipe.sampling == .uniform && !recipe.allowsFallingRho)
      #expect(recipe.seed == (recipe.data.hasSuffix("-first") ? 9826 : 0))
    }
    for (set, ratio, method) in Self.otherImbalances {
      let name = "\(set)-lt\(ratio)/\(method)"
      var expected = try Recipe.preset("\(set)-lt100/\(method)")
      expected.preset = name
      expected.data = "\(set)-lt\(ratio)"
      #expect(try Recipe.preset(name) == expected)
      seen.insert(name)
    }
    // Nothing but fixtures is left over.
    let rest = Preset.all.map(\.name).filter { !seen.contains($0) && !$0.hasPrefix("fixture") }
    #expect(rest.isEmpty, "\(rest)")
    #expect(Set(Preset.all.map(\.name)).count == Preset.all.count)
  }

  @Test func rowsAreNamedAndTheLargeOnesMarkedNotRun() throws {
    for preset in Preset.all where !preset.name.hasPrefix("fixture") {
      #expect(!preset.rows.isEmpty || preset.name.hasSuffix("-sse-sam"), "\(preset.name)")
      let unplanned = ["imagenet-lt", "inat18"].contains(preset.recipe.data)
      #expect((preset.notRun != nil) == unplanned, "\(preset.name)")
      #expect((preset.testTime == .flip) == preset.recipe.data.hasSuffix("-first"), "\(preset.name)")
      // The code of SSE-SAM tests every tenth epoch, that of ImbSAM every one.
      let every = !preset.recipe.data.hasSuffix("-first") ? 0 : preset.rows == ["ImbSAM, README"] ? 1 : 10
      #expect(preset.selectEvery == every, "\(preset.name)")
    }
    // Radii that no source states say so.
    for name in ["cifar10-lt200/ldam-drw-sam", "cifar100-lt100/ib-sam", "cifar100-lt200/paco-sam"] {
      #expect(try !Preset.named(name).assumptions.isEmpty)
    }
    #expect(try Preset.named("cifar10-lt100/ce-drw-sam").assumptions.isEmpty)
  }

  /// η of the fixtures cuts off the published tail.
  @Test func theFixturesTailIsThePublishedGroup() throws {
    for store in FixtureStore.all {
      let groups = ClassGroups(byIndex: .longTailed, classes: store.profile.counts.count)
      let recipe = try Recipe.preset("\(store.dataName)/ce-sse-sam")
      #expect(recipe.optimizer.oracle.tail(counts: store.profile.counts) == Set(groups.tail))
    }
  }

  @Test func noLabelDisagreesWithItsValues() {
    for preset in Preset.all { #expect(preset.labelFault == nil, "\(preset.name)") }
  }

  /// The two kinds of slip in the released run scripts, and one in the classifier.
  @Test func slipsInLabelsAreSeen() throws {
    var otherData = try Preset.named("cifar100-lt100/ce-drw")
    otherData.recipe.data = "cifar10-lt100"
    #expect(otherData.labelFault?.contains("cifar10-lt100/ce-drw") == true)
    var otherLoss = try Preset.named("cifar10-lt100/ldam-drw-sam")
    otherLoss.recipe.preset = "cifar10-lt100/ce-drw-sam"
    #expect(otherLoss.labelFault?.contains("ldam") == true)
    var otherLayer = try Preset.named("cifar10-lt100/ldam-drw")
    otherLayer.recipe.architecture = .resNet32
    #expect(otherLayer.labelFault?.contains("cosine") == true)
    var otherRule = try Preset.named("cifar10-lt100/ce-drw-sam")
    otherRule.recipe.optimizer = .sgd
    #expect(otherRule.labelFault != nil)
  }
}

extension Substring {
  fileprivate var trimmingSpaces: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
