import EscapementOptimizers

// SSE-SAM's statements, judged under the protocol of its repository.

extension RunFamily {
  private static func preset(_ method: String) -> String { "cifar100-lt100-first/ce-\(method)" }

  private static func ratio(_ method: String, _ label: Int) -> RunQuantity {
    RunQuantity(preset(method), .saddleRatio(ofClass: label))
  }

  private static let protocolGuess =
    "the paper's protocol is not in its abstract: that of its repository's README"

  /// A1 to A5 and A7.
  static let stageWise = RunFamily(
    name: "SSE-SAM",
    statements: [
      RunStatement(
        id: "A1", source: .abstract,
        quote:
          "For SAM, we prove that although it enhances the model's generalization ability by escaping saddle point in the "
          + "overall loss landscape, it does not effectively address this for tail-class losses.",
        statement:
          "With SAM the overall loss ends without significant negative curvature (limit of |λ_min|/λ_max below 0.05), and the "
          + "rarest class's loss with it (|λ_min|/λ_max above 0.05).",
        leaf: .stages, weight: .headline,
        questions: [
          .below(RunQuantity(preset("sam"), .saddleRatioLimit(ofClass: nil)), RunFamily.significant),
          .above(ratio("sam", 99), RunFamily.significant),
        ], looks: .curvature, variant: "the abstract's theorem is not judged: its text is not public",
        furtherAssumptions: [protocolGuess]),
      RunStatement(
        id: "A2", source: .abstract,
        quote: "ImbSAM is more effective at avoiding saddle points in tail classes",
        statement: "|λ_min|/λ_max of the rarest class is smaller with ImbSAM than with SAM.", leaf: .stages,
        questions: [.exceeds(ratio("sam", 99), ratio("imbsam-means", 99))], looks: .curvature,
        furtherAssumptions: [protocolGuess]),
      RunStatement(
        id: "A3", source: .abstract,
        quote: "the head classes are trained insufficiently, resulting in significant performance drops",
        statement: "ImbSAM has a lower head accuracy than SAM.", leaf: .stages,
        questions: [.exceeds(RunQuantity(preset("sam"), .head), RunQuantity(preset("imbsam-means"), .head))],
        looks: .contrast, furtherAssumptions: [protocolGuess]),
      RunStatement(
        id: "A4", source: .abstract,
        quote: "SSE-SAM has better ability in escaping saddles both on head and tail classes",
        statement:
          "|λ_min|/λ_max of the most and of the least frequent class is smaller with SSE-SAM than with SAM and ImbSAM.",
        leaf: .stages, weight: .headline,
        questions: [0, 99].flatMap { label in
          ["sam", "imbsam-means"].map { .exceeds(ratio($0, label), ratio("sse-sam", label)) }
        }, looks: .curvature, furtherAssumptions: [protocolGuess]),
      RunStatement(
        id: "A5", source: .abstract, quote: "and shows performance improvements",
        statement: "SSE-SAM has a higher accuracy than SAM and ImbSAM.", leaf: .stages, weight: .headline,
        questions: ["sam", "imbsam-means"].map {
          .exceeds(RunQuantity(preset("sse-sam"), .accuracy), RunQuantity(preset($0), .accuracy))
        }, looks: .contrast, furtherAssumptions: [protocolGuess]),
      RunStatement(
        id: "A7", source: .abstract, quote: "Traditional methods tend to overfit on these tail classes.",
        statement:
          "Cross-entropy's tail accuracy on training images exceeds that on test images by 20 points on CIFAR-100 LT.",
        leaf: .stages,
        questions: [
          .exceeds(
            RunQuantity("cifar100-lt100/ce", .trainingTail), RunQuantity("cifar100-lt100/ce", .tail), by: 20)
        ], looks: .contrast, variant: "20 points are this package's threshold; the abstract states none"),
    ])
}
