// What SAM changes, as runs would show it: contrasts between presets. The printed tables themselves are judged under the
// ids without "r".

extension RunFamily {
  private static let sets = ["cifar10-lt100", "cifar100-lt100"]
  private static let methods = ["ce", "ce-drw", "ldam-drw", "vs"]

  /// SAM's gain in a figure for presets.
  private static func gains(_ presets: [String], _ metric: RunMetric) -> [RunQuestion] {
    presets.map { .exceeds(RunQuantity("\($0)-sam", metric), RunQuantity($0, metric), by: 0) }
  }

  private static func all(_ methods: [String]) -> [String] {
    sets.flatMap { set in methods.map { "\(set)/\($0)" } }
  }

  /// Gains on the poster's data sets.
  static let posterGains = RunFamily(
    name: "poster, gains",
    statements: [
      RunStatement(
        id: "P9r", source: .poster("Experiments"), tier: .paper,
        statement: "SAM raises the accuracy of CE, CE+DRW, LDAM+DRW and VS on both CIFAR LT sets.",
        questions: gains(all(methods), .accuracy)),
      RunStatement(
        id: "P10r", source: .poster("Experiments"), tier: .paper,
        statement: "SAM raises the tail accuracy of CE+DRW, LDAM+DRW and VS on both CIFAR LT sets.",
        questions: gains(all(Array(methods.dropFirst())), .tail)),
      RunStatement(
        id: "P11r", source: .poster("Experiments"), tier: .paper,
        statement: "VS+SAM has the highest accuracy on both CIFAR LT sets.",
        questions: sets.flatMap { set -> [RunQuestion] in
          let others = methods.map { "\(set)/\($0)" } + methods.dropLast().map { "\(set)/\($0)-sam" }
          return others.map {
            RunQuestion.exceeds(RunQuantity("\(set)/vs-sam", .accuracy), RunQuantity($0, .accuracy), by: 0)
          }
        }),
      RunStatement(
        id: "P17r", source: .poster("Analysis"), tier: .paper,
        statement: "The accuracy of CE+DRW rises in the order SGD, PGD, LPF-SGD, SAM on both CIFAR LT sets.",
        questions: sets.flatMap { set -> [RunQuestion] in
          let order = ["ce-drw", "ce-drw-pgd", "ce-drw-lpf-sgd", "ce-drw-sam"].map { "\(set)/\($0)" }
          return zip(order, order.dropFirst()).map {
            .exceeds(RunQuantity($1, .accuracy), RunQuantity($0, .accuracy), by: 0)
          }
        }),
    ])

  /// Gains of the supplement on CIFAR.
  static let supplementGains = RunFamily(
    name: "supplement, gains",
    statements: [
      RunStatement(
        id: "G1r", source: .supplement("§F"), tier: .paper,
        statement:
          "SAM raises the accuracy of CE+DRW and LDAM+DRW at imbalance 10, 50, 100 and 200 on both CIFAR LT sets.",
        questions: gains(
          ["cifar10", "cifar100"].flatMap { set in
            [10, 50, 100, 200].flatMap { ["\(set)-lt\($0)/ce-drw", "\(set)-lt\($0)/ldam-drw"] }
          }, .accuracy)),
      RunStatement(
        id: "G14", source: .supplement("§D to §F"), tier: .paper,
        statement: "SAM raises the accuracy of LDAM+DRW, VS, IB and PaCo on CIFAR-100 LT.",
        questions: gains(["ldam-drw", "vs", "ib", "paco"].map { "cifar100-lt100/\($0)" }, .accuracy)),
    ])

  /// ImageNet-LT and iNaturalist 2018.
  static let largeScale = RunFamily(
    name: "large data sets",
    statements: [
      RunStatement(
        id: "P12", source: .poster("Experiments"), tier: .large,
        statement:
          "SAM raises the accuracy and tail accuracy of LDAM+DRW on ImageNet-LT and iNaturalist 2018.",
        questions: [RunMetric.accuracy, .tail].flatMap {
          gains(["imagenet-lt/ldam-drw", "inat18/ldam-drw"], $0)
        }),
      RunStatement(
        id: "G11", source: .supplement("§E"), tier: .large,
        statement: "On iNaturalist 2018 SAM raises head, middle and tail accuracy of LDAM+DRW.",
        questions: [RunMetric.head, .mid, .tail].flatMap { gains(["inat18/ldam-drw"], $0) }),
      RunStatement(
        id: "R4", source: .supplement("§C"), tier: .large,
        statement:
          "On ImageNet-LT radii that rise by stages give LDAM+DRW+SAM a higher accuracy than 0.05 or 0.5 throughout.",
        questions: [0.05, 0.5].map {
          .exceeds(
            RunQuantity("imagenet-lt/ldam-drw-sam", .accuracy),
            RunQuantity(RunSelection("imagenet-lt/ldam-drw-sam", radius: $0), .accuracy), by: 0)
        }),
      RunStatement(
        id: "R5", source: .supplement("§C"), tier: .large,
        statement:
          "On ImageNet-LT the tail accuracy of LDAM+DRW+SAM rises in the last 30 epochs, at ρ = 0.5.",
        questions: [
          .exceeds(
            RunQuantity("imagenet-lt/ldam-drw-sam", .tail),
            RunQuantity(RunSelection("imagenet-lt/ldam-drw-sam", epoch: 60), .tail), by: 0)
        ],
        variant: "re-weighting begins with epoch 60 as well: a rise cannot be put down to the radius alone"),
    ])

  /// SSE-SAM's statements.
  static let stageWise: RunFamily = {
    func preset(_ method: String) -> String { "cifar100-lt100-first/ce-\(method)" }
    func ratio(_ method: String, _ label: Int) -> RunQuantity {
      RunQuantity(preset(method), .saddleRatio(ofClass: label))
    }
    let variant = "ImbSAM as in SSE-SAM's repository, by means over head and over tail samples; last epoch"
    return RunFamily(
      name: "SSE-SAM",
      statements: [
        RunStatement(
          id: "A1", source: .abstract, tier: .paper,
          statement:
            "SAM escapes saddles of the overall loss but not effectively those of tail-class losses.",
          questions: [],
          noTest:
            "the theorem's text is not public; the exact change along a tail class's direction is the subject of T14"
        ),
        RunStatement(
          id: "A2", source: .abstract, tier: .paper,
          statement: "|λ_min|/λ_max of the rarest class is smaller with ImbSAM than with SAM.",
          questions: [.exceeds(ratio("sam", 99), ratio("imbsam-means", 99), by: 0)],
          variant: variant),
        RunStatement(
          id: "A3", source: .abstract, tier: .paper,
          statement: "ImbSAM has a lower head accuracy than SAM.",
          questions: [
            .exceeds(RunQuantity(preset("sam"), .head), RunQuantity(preset("imbsam-means"), .head), by: 0)
          ],
          variant: variant),
        RunStatement(
          id: "A4", source: .abstract, tier: .paper,
          statement:
            "|λ_min|/λ_max of the most and of the least frequent class is smaller with SSE-SAM than with SAM and ImbSAM.",
          questions: [0, 99].flatMap { label in
            ["sam", "imbsam-means"].map { .exceeds(ratio($0, label), ratio("sse-sam", label), by: 0) }
          },
          variant: variant),
        RunStatement(
          id: "A5", source: .abstract, tier: .paper,
          statement: "SSE-SAM has a higher accuracy than SAM and ImbSAM.",
          questions: ["sam", "imbsam-means"].map {
            .exceeds(RunQuantity(preset("sse-sam"), .accuracy), RunQuantity(preset($0), .accuracy), by: 0)
          },
          variant: variant),
        RunStatement(
          id: "A7", source: .abstract, tier: .paper,
          statement:
            "Cross-entropy overfits the tail: its training accuracy there exceeds its test accuracy by 20 points.",
          questions: [
            .exceeds(
              RunQuantity("cifar100-lt100/ce", .trainingTail), RunQuantity("cifar100-lt100/ce", .tail), by: 20
            )
          ],
          variant: "20 points are this package's threshold; the abstract states none"),
      ])
  }()
}
