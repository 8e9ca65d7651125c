import EscapementOptimizers
import EscapementArtifacts
import EscapementTraining

/// The problems, rules and losses of the conformance vectors, and the combinations that are cases.
package enum ConformanceCatalog {
  /// Every problem.
  package static let problems: [ConformanceProblem] = [.quadratic, .perceptron, .resNet, .cosineResNet]

  /// Every rule. Radii and noise are larger than in training runs, so that 25 steps show them.
  package static let rules: [ConformanceRule] = [
    .sgd,
    .sam("sam-released", rho: .constant(0.1), variant: .released),
    .sam("sam-recommended", rho: .constant(0.1), variant: .recommended),
    .sam(
      "sam-unnormalized", rho: .constant(0.05),
      variant: .init(ascent: .unnormalized, secondPassStatistics: .observe)),
    .sam(
      "sam-adaptive", rho: .constant(0.2), variant: .init(ascent: .adaptive, secondPassStatistics: .observe)),
    .sam(
      "sam-steps", rho: .steps(first: 0.05, then: [.init(epoch: 2, rho: 0.1), .init(epoch: 4, rho: 0.2)]),
      variant: .released),
    .sam("sam-linear", rho: .linear(first: 0.05, last: 0.3, epochs: 5), variant: .released),
    .imbSAM("imbsam-whole-batch", rho: .constant(0.1), normalization: .wholeBatch),
    .imbSAM("imbsam-doubled-tail", rho: .constant(0.1), normalization: .doubledTail),
    .imbSAM("imbsam-group-means", rho: .constant(0.1), normalization: .groupMeans),
    // γT is a whole number of epochs: the switch is at an epoch boundary.
    .sseSAM("sse-sam", head: .constant(0.05), tail: .constant(0.1), stageFraction: 0.6),
    .pgd("pgd-weights", sigma: 0.01, variant: .weights),
    .pgd("pgd-gradient", sigma: 0.01, variant: .gradient),
    .lpfSGD("lpf-sgd", radius: 0.05, shards: 4),
    .lpfSGD("lpf-sgd-released", radius: 0.05, shards: 4, shardSize: 3),
    .gsam("gsam", radius: .schedule(.constant(0.1)), alpha: 0.4, secondPass: .freeze),
    .gsam(
      "gsam-with-rate",
      radius: .withLearningRate(smallest: 0.05, largest: 0.2, lowestRate: 0.001, highestRate: 0.02),
      alpha: 0.4, secondPass: .observe),
    .lookSAM("looksam", rho: .constant(0.1), period: 3, alpha: 0.7, secondPass: .observe),
    .friendlySAM("friendly-sam", rho: .constant(0.1), sigma: 1, decay: 0.9, secondPass: .freeze),
    .focalSAM("focal-sam", rho: .constant(0.1), sharpness: sharpness),
    // SGD, but for what is counted.
    .sam("sam-zero-radius", rho: .constant(0), variant: .recommended),
    ConformanceRule.sgd.accumulating("sgd-accumulated"),
    ConformanceRule.sam("sam", rho: .constant(0.1), variant: .released).accumulating("sam-accumulated"),
    .microBatchSAM("m-sam", rho: .constant(0.1)),
  ]

  private static let sharpness: FocalSharpness = {
    do {
      return try FocalSharpness(counts: ConformanceData.counts, gamma: 3, scale: 0.8)
    } catch {
      preconditionFailure("\(error)")
    }
  }()

  /// Every loss. Deferred weights begin with epoch 2 of 5.
  package static let losses: [ConformanceLoss] = [
    .init("ce", .crossEntropy),
    .init("ce-reweight", .crossEntropy, weighting: .deferred(start: 0)),
    .init("ce-drw", .crossEntropy, weighting: .deferred(start: 2)),
    .init("ce-algorithm-1", .crossEntropy, weighting: .asPrinted(start: 2)),
    .init("ldam", .ldam, wantsCosines: true),
    .init("ldam-drw", .ldam, weighting: .deferred(start: 2), wantsCosines: true),
    .init("ldam-of-sse-sam", .ldamOfSSESAM(maximum: 0.5, scale: 30)),
    .init("vs", .vs),
    .init("vs-code-defaults", .vs(gamma: 0.3, tau: 1)),
    .init("logit-adjustment", .vs(gamma: 0, tau: 0.75)),
    .init("class-dependent-temperature", .vs(gamma: 0.3, tau: 0)),
    .init("focal-1", .focal(gamma: 1, factor: 1), weighting: .deferred(start: 2)),
    .init("focal-2", .focal(gamma: 2, factor: 10)),
    .init(
      "influence-balanced", .influenceBalanced(alpha: 10, start: 2),
      weighting: .init(.inverseFrequency, start: 2)),
  ]

  /// Rules that are combined with every loss. The others are combined with a problem's first loss and with those in
  /// `pairs`.
  package static let widely = ["sgd", "sam-released"]

  /// The rule and the loss of further cases: class weights with rules that normalize parts by them, and the losses of
  /// the SSE-SAM code.
  package static let pairs = [
    ("imbsam-whole-batch", "ce-drw"), ("imbsam-group-means", "ce-drw"), ("sse-sam", "ldam-of-sse-sam"),
    ("sse-sam", "logit-adjustment"), ("lpf-sgd", "ce-drw"), ("pgd-weights", "ce-drw"),
  ]

  /// The cases: each rule on the quadratic; on each network each rule with cross-entropy (LDAM where logits are
  /// cosines), each loss with SGD and SAM, and `pairs`. Not every rule is combined with every loss, because the two
  /// interact only through the gradient.
  package static let cases: [ConformanceCase] = problems.flatMap { problem in
    rules.flatMap { rule in
      losses(of: problem, with: rule).map { ConformanceCase(problem: problem, rule: rule, loss: $0) }
    }
  }

  private static func losses(of problem: ConformanceProblem, with rule: ConformanceRule) -> [ConformanceLoss?]
  {
    guard problem.hasLogits else { return [nil] }
    return losses.filter { $0.wantsCosines == problem.hasCosines }.enumerated().filter { index, loss in
      index == 0 || widely.contains(rule.name) || pairs.contains { $0 == (rule.name, loss.name) }
    }.map(\.element)
  }

  /// The cases of these names, or all without one.
  package static func selecting(_ names: [String]) throws(UnknownConformanceCase) -> [ConformanceCase] {
    for name in names where !cases.contains(where: { $0.name == name }) {
      throw UnknownConformanceCase(name: name)
    }
    return cases.filter { names.isEmpty || names.contains($0.name) }
  }
}

/// One trajectory: a problem, a rule and, if there are logits, a loss.
package struct ConformanceCase: Sendable {
  /// The problem.
  package let problem: ConformanceProblem
  /// The update rule.
  package let rule: ConformanceRule
  /// The loss; nil for a problem without logits.
  package let loss: ConformanceLoss?

  /// "PROBLEM.RULE" or "PROBLEM.RULE.LOSS".
  package var name: String {
    ([problem.name, rule.name] + (loss.map { [$0.name] } ?? [])).joined(separator: ".")
  }
}

/// A conformance case that does not exist.
package struct UnknownConformanceCase: ReportedError, Hashable {
  /// 64: the command was used wrongly.
  package var exitCode: Int32 { 64 }
  /// The requested name.
  package var name: String
  /// One line.
  package var description: String {
    "no conformance case is called \"\(name)\"; `escapement vectors list` prints those there are"
  }
}
