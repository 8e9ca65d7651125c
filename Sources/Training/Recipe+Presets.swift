extension Recipe {
  /// The names of all presets, DATA/METHOD, in the order of their definition.
  public static var presetNames: [String] { presets.map(\.preset) }

  /// The preset of that name; another name throws `HyperparameterError` with the list of names.
  public static func preset(_ name: String) throws -> Recipe {
    guard let recipe = presets.first(where: { $0.preset == name }) else {
      throw HyperparameterError(
        name: "preset", value: "\"\(name.prefix(80))\"",
        expected: "one of " + presetNames.joined(separator: ", "))
    }
    return recipe
  }

  private static let presets: [Recipe] = [cifar10LongTailed, syntheticFixture, hundredClasses].flatMap {
    base in
    // Radii: Table 1 of the NeurIPS 2022 supplement, CIFAR-10 LT with imbalance 100. The fixtures take the
    // same ones, so that nothing is tuned in favour of a claim.
    let methods: [(String, rho: Double?, reweights: Bool)] = [
      ("ce", nil, false), ("ce-sam", 0.1, false), ("ce-drw", nil, true), ("ce-drw-sam", 0.5, true),
    ]
    return methods.map { method, rho, reweights in
      var recipe = base
      recipe.preset = "\(base.data)/\(method)"
      if !reweights { recipe.drwEpoch = nil }
      if let rho { recipe.optimizer = .sam(rho: rho, variant: .released) }
      return recipe
    }
  }

  /// The published protocol: ResNet-32, 200 epochs, re-weighting from epoch 160.
  private static let cifar10LongTailed = Recipe(
    preset: "", data: "cifar10-lt100", drwEpoch: DeferredReweighting.releasedStart)

  /// The published protocol made small: its phases keep their places (drops at 8/10 and 9/10 of the
  /// run, re-weighting with the first), the warm-up is one epoch where 5 of 200 would be a quarter of one.
  /// The drops are tenfold instead of hundredfold, because two short epochs at 10⁻³ and 10⁻⁵ would
  /// move nothing and re-weighting could not be seen. Batches of 32 and a ResNet-8 of 8 channels
  /// bring a run to seconds.
  private static let syntheticFixture = Recipe(
    preset: "", depth: 8, width: 8, data: "fixture", epochs: 10, batchSize: 32,
    schedule: LearningRateSchedule(
      base: 0.1, warmupEpochs: 1,
      milestones: [.init(epoch: 8, factor: 0.1), .init(epoch: 9, factor: 0.01)]),
    drwEpoch: 8)

  /// The same on a hundred classes: twice the channels and twice the passes, because a class has a tenth of the pictures.
  private static let hundredClasses: Recipe = {
    var recipe = syntheticFixture
    recipe.data = "fixture100"
    recipe.width = 16
    recipe.epochs = 20
    recipe.schedule = LearningRateSchedule(
      base: 0.1, warmupEpochs: 2,
      milestones: [.init(epoch: 16, factor: 0.1), .init(epoch: 18, factor: 0.01)])
    recipe.drwEpoch = 16
    return recipe
  }()
}
