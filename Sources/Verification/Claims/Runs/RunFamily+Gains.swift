import EscapementKernels
import EscapementDrawing
import EscapementOptimizers

// SAM's effects in runs: contrasts between presets, paired by seed. The printed tables themselves are judged under the
// ids without "r".

extension RunFamily {
  private static let sets = [("C10", "cifar10"), ("C100", "cifar100")]
  private static let methods = [
    ("ce", "CE"), ("ce-drw", "CE + DRW"), ("ldam-drw", "LDAM + DRW"), ("vs", "VS"),
  ]
  private static let ratios = [10, 50, 100, 200]

  /// SAM's gain in a figure over a preset.
  static func gain(_ preset: String, _ metric: RunMetric) -> RunQuestion {
    .exceeds(RunQuantity("\(preset)-sam", metric), RunQuantity(preset, metric))
  }

  /// Gains on the poster, one family per data set: a run on one of them decides nothing about the other.
  static let posterGains: [RunFamily] = sets.map { short, set in
    let data = "\(set)-lt100"
    func row(_ method: String, _ quantity: PublishedQuantity) -> String {
      let cell = PublishedTable.posterResults.row(data, method.replacing(" ", with: "")).cell(quantity)
      return "\(method) \(tenths(cell?.mean ?? .nan))±\(tenths(cell?.std ?? .nan))"
    }
    let accuracy = methods.map { method, name in
      RunStatement(
        id: "P9r-\(short)-\(method)", source: .poster("Experiments, table 1"),
        quote: "Acc: \(row(name, .accuracy)), \(row("\(name) + SAM", .accuracy))",
        statement: "SAM raises the accuracy of \(name) on \(data).", leaf: .gains,
        weight: method == "ce-drw" ? .headline : .table, questions: [gain("\(data)/\(method)", .accuracy)],
        looks: .contrast)
    }
    let tail = methods.dropFirst().map { method, name in
      RunStatement(
        id: "P10r-\(short)-\(method)", source: .poster("Experiments, table 1"),
        quote: "SAM improves the tail class accuracy for various methods.",
        statement: "SAM raises the tail accuracy of \(name) on \(data).", leaf: .gains,
        weight: method == "ce-drw" ? .headline : .table, questions: [gain("\(data)/\(method)", .tail)],
        looks: .contrast,
        variant:
          "one of the various methods; plain CE, whose printed tail accuracy falls, is none; last epoch")
    }
    return RunFamily(name: "gains on the poster, \(data)", statements: accuracy + tail)
  }

  /// The poster's orders of methods.
  static let posterOrders: [RunFamily] = sets.map { short, set in
    let data = "\(set)-lt100"
    let others = methods.map { "\(data)/\($0.0)" } + methods.dropLast().map { "\(data)/\($0.0)-sam" }
    let order = ["ce-drw", "ce-drw-pgd", "ce-drw-lpf-sgd", "ce-drw-sam"].map { "\(data)/\($0)" }
    func above(_ a: String, _ b: String, _ metric: RunMetric = .accuracy) -> RunQuestion {
      .exceeds(RunQuantity(a, metric), RunQuantity(b, metric))
    }
    let best = PublishedTable.posterResults.row(data, "VS+SAM")
    let printed = ["CE+DRW", "CE+DRW+PGD", "CE+DRW+LPF-SGD", "CE+DRW+SAM"].map {
      tenths(PublishedTable.posterOptimizers.row(data, $0)[.accuracy] ?? .nan)
    }
    return RunFamily(
      name: "orders on the poster, \(data)",
      statements: [
        RunStatement(
          id: "P11r-\(short)", source: .poster("Experiments, table 1"),
          quote: "VS + SAM: Acc \(tenths(best[.accuracy] ?? .nan)), the largest of the column",
          statement: "VS + SAM has the highest accuracy of the eight methods on \(data).", leaf: .gains,
          questions: others.map { above("\(data)/vs-sam", $0) }, looks: .contrast),
        RunStatement(
          id: "P17r-\(short)", source: .poster("Analysis, table 2"),
          quote:
            "How do other optimization methods for escaping saddle points compare with SAM? Acc: CE + DRW "
            + "\(printed[0]), + PGD \(printed[1]), + LPF-SGD \(printed[2]), + SAM \(printed[3])",
          statement: "The accuracy of CE + DRW on \(data) rises in the order SGD, PGD, LPF-SGD, SAM.",
          leaf: .gains, questions: zip(order, order.dropFirst()).map { above($1, $0) }, looks: .sweep),
      ])
  }

  /// SAM's gain for both methods of Tables 3 and 4 at each imbalance, as terms of a sum.
  private static func gains(
    _ set: String, _ metric: RunMetric, methods: [String] = ["ce-drw", "ldam-drw"], factor: Double
  ) -> (quantities: [RunQuantity], factors: [Double]) {
    let presets = ratios.flatMap { ratio in methods.map { "\(set)-lt\(ratio)/\($0)" } }
    return (
      presets.flatMap { [RunQuantity("\($0)-sam", metric), RunQuantity($0, metric)] },
      presets.flatMap { _ in [factor, -factor] }
    )
  }

  /// The statements of §F about the imbalance factor, one family per data set.
  static let supplementGains: [RunFamily] = sets.map { short, set in
    let name = set == "cifar10" ? "CIFAR-10 LT" : "CIFAR-100 LT"
    let stated = PublishedTable.statedGains.row("\(set)-lt", "mean of eight")
    func mean(_ id: String, _ metric: RunMetric, _ quantity: PublishedQuantity, _ quote: String)
      -> RunStatement
    {
      let gain = stated[quantity] ?? .nan
      let margin = RunQuestion.margin(metric)
      let (quantities, factors) = gains(set, metric, factor: 1.0 / 8)
      let text = "mean gain in \(metric.text) over eight pairs, \(name)"
      return RunStatement(
        id: "\(id)-\(short)", source: .supplement("§F"), quote: quote,
        statement:
          "SAM's mean gain in \(metric.text) over CE + DRW and LDAM + DRW at β = 10, 50, 100 and 200 on \(name) is "
          + "\(tenths(gain)) points to \(NumberText.short(margin)).",
        leaf: .gains,
        questions: [
          RunQuestion(
            quantities: quantities, statistic: .sum(factors), test: .equals(gain, margin: margin),
            text: "\(text) = \(tenths(gain)) to \(NumberText.short(margin))")
        ], looks: .contrast)
    }
    /// The tail's contribution to the mean gain in accuracy minus another group's: shares of classes times gains.
    func leads(over other: RunMetric, _ share: Int, tail: Int, of classes: Int) -> RunQuestion {
      let a = gains(set, .tail, factor: Double(tail) / Double(8 * classes))
      let b = gains(set, other, factor: -Double(share) / Double(8 * classes))
      return RunQuestion(
        quantities: a.quantities + b.quantities, statistic: .sum(a.factors + b.factors), test: .exceeds(0),
        text: "the tail's contribution to the mean gain > that of \(other.text), \(name)")
    }
    let sizes = set == "cifar10" ? [3, 4, 3] : [36, 35, 29]
    let slope = RunQuestion.rises(
      ratios.map { ratio in
        let preset = "\(set)-lt\(ratio)/ce-drw"
        return (
          ownLog(Double(ratio)),
          [(1, RunQuantity("\(preset)-sam", .tail)), (-1, RunQuantity(preset, .tail))]
        )
      }, text: "slope over log β of SAM's gain in tail accuracy, CE + DRW, \(name) > 0")
    return RunFamily(
      name: "imbalance, \(name)",
      statements: [
        RunStatement(
          id: "G1r-\(short)", source: .supplement("§F"),
          quote:
            "SAM with re-weighting improves upon the performance of CE and LDAM losses in all the experiments with varied "
            + "imbalance factor.",
          statement:
            "SAM raises the accuracy of CE + DRW and LDAM + DRW at β = 10, 50, 100 and 200 on \(name).",
          leaf: .gains, weight: .headline,
          questions: ratios.flatMap { ratio in
            ["ce-drw", "ldam-drw"].map { gain("\(set)-lt\(ratio)/\($0)", .accuracy) }
          }, looks: .contrast),
        mean(
          "G2r", .accuracy, .accuracyGain,
          "We observe an average increase of 3.9% and 3.2% on CIFAR-10 LT and CIFAR-100 LT datasets, respectively."
        ),
        mean(
          "G3r", .tail, .tailGain,
          "the tail accuracy, which increases by 8.6% on CIFAR-10 LT and 3.9% on CIFAR-100 LT"),
        RunStatement(
          id: "G6r-\(short)", source: .supplement("§F"),
          quote:
            "As the dataset becomes more imbalanced (β increases), the gain in accuracy with SAM on the tail classes "
            + "improves significantly.",
          statement:
            "SAM's gain in tail accuracy over CE + DRW rises with log β over 10, 50, 100 and 200 on \(name).",
          leaf: .gains, questions: [slope], looks: .contrast),
        RunStatement(
          id: "G7r-\(short)", source: .supplement("§F"),
          quote: "This gain in performance is primarily due to the improvement in the tail accuracy",
          statement:
            "Of SAM's mean gain in accuracy over the eight pairs on \(name) the tail's share is the largest.",
          leaf: .gains,
          questions: [
            leads(over: .head, sizes[0], tail: sizes[2], of: sizes.reduce(0, +)),
            leads(over: .mid, sizes[1], tail: sizes[2], of: sizes.reduce(0, +)),
          ], looks: .contrast),
      ])
  }

  /// Other methods with which SAM combines.
  static let combinations = RunFamily(
    name: "combinations with SAM",
    statements: [("ib", "IB-Loss"), ("paco", "PaCo")].map { method, name in
      RunStatement(
        id: "G14-\(method)", source: .supplement("§E"),
        quote:
          "SAM with high ρ significantly improves overall performance along with the performance on tail classes with both "
          + "IB-Loss and PaCo method",
        statement: "SAM raises the accuracy and the tail accuracy of \(name) on CIFAR-100 LT at β = 100.",
        leaf: .gains,
        questions: [gain("cifar100-lt100/\(method)", .accuracy), gain("cifar100-lt100/\(method)", .tail)],
        looks: .contrast)
    })

  /// ImageNet-LT and iNaturalist 2018.
  static let largeScale = RunFamily(
    name: "large data sets",
    statements: [("imagenet-lt", "ImageNet-LT"), ("inat18", "iNaturalist 2018")].map { data, name in
      RunStatement(
        id: "P12-\(data)", source: .poster("Experiments"),
        quote:
          "SAM improves accuracy on large-scale Imbalanced datasets too: ImageNet-LT & iNaturalist 2018.",
        tier: .large, statement: "SAM raises the accuracy of LDAM + DRW on \(name).", leaf: .large,
        questions: [gain("\(data)/ldam-drw", .accuracy)], looks: .contrast)
    } + [
      RunStatement(
        id: "G11", source: .supplement("§E"),
        quote:
          "With LDAM+DRW, the addition of SAM results in an increase in Head, Mid and Tail categories on iNaturalist 2018",
        tier: .large,
        statement: "On iNaturalist 2018 SAM raises head, middle and tail accuracy of LDAM + DRW.",
        leaf: .large, questions: [RunMetric.head, .mid, .tail].map { gain("inat18/ldam-drw", $0) },
        looks: .contrast),
      RunStatement(
        id: "G11-tail", source: .supplement("§E"),
        quote: "LDAM+DRW+SAM outperforms all other methods in the tail class accuracy.", tier: .large,
        statement:
          "On iNaturalist 2018 LDAM + DRW + SAM has a higher tail accuracy than each other method of ours: CE + DRW, with "
          + "and without SAM, and LDAM + DRW.",
        leaf: .large,
        questions: ["ce-drw", "ce-drw-sam", "ldam-drw"].map {
          .exceeds(RunQuantity("inat18/ldam-drw-sam", .tail), RunQuantity("inat18/\($0)", .tail))
        }, looks: .contrast,
        furtherAssumptions: [
          "the other methods are those of the main paper's Table 3, which is not among the sources: those with a preset"
        ]),
      RunStatement(
        id: "R4", source: .supplement("§C"),
        quote:
          "For the large scale datasets like ImageNet-LT and iNaturalist 18, we found that progressively increasing the ρ "
          + "value gives the best results.",
        tier: .large,
        statement:
          "On ImageNet-LT radii that rise by stages give LDAM + DRW + SAM a higher accuracy than 0.05 or 0.5 throughout.",
        leaf: .large,
        questions: [0.05, 0.5].map {
          .exceeds(
            RunQuantity("imagenet-lt/ldam-drw-sam", .accuracy),
            RunQuantity(RunSelection("imagenet-lt/ldam-drw-sam", radius: $0), .accuracy))
        }, looks: .contrast),
      RunStatement(
        id: "R5", source: .supplement("§C"),
        quote:
          "we use a large ρ of 0.5 in the last 30 epochs of training and we observe that the tail accuracy significantly "
          + "increases at this stage of training",
        tier: .large,
        statement:
          "On ImageNet-LT the tail accuracy of LDAM + DRW + SAM rises in the last 30 epochs, at ρ = 0.5.",
        leaf: .large,
        questions: [
          .exceeds(
            RunQuantity("imagenet-lt/ldam-drw-sam", .tail),
            RunQuantity(RunSelection("imagenet-lt/ldam-drw-sam", epoch: 60), .tail))
        ], looks: .contrast,
        variant:
          "confounded: re-weighting begins with epoch 60 as well, and a rise cannot be put down to the radius alone"
      ),
    ])
}
