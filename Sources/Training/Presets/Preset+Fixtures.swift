import EscapementNetworks

extension Preset {
  /// Every loss and every rule on the synthetic images; a run takes seconds.
  static let fixtures: [Preset] = [(syntheticFixture, 25), (hundredClasses, 12)].flatMap { base, eta in
    let start = base.epochs * 8 / 10
    let drw = ClassWeighting.deferred(start: start)
    // The radii of CIFAR-10 LT with imbalance 100, so that nothing is tuned in favor of a claim.
    let radii = Radii.cifar10LongTailed
    let main: [Preset] = [
      method(base, .crossEntropy, nil, nil), method(base, .crossEntropy, nil, radii.ce),
      method(base, .crossEntropy, drw, nil), method(base, .crossEntropy, drw, radii.ceDRW),
      method(base, .ldam, drw, nil), method(base, .ldam, drw, radii.ldamDRW),
      method(base, .vs, nil, nil), method(base, .vs, nil, radii.vs),
      method(base, .vs(gamma: 0, tau: 0.75), nil, nil), method(base, .vs(gamma: 0.05, tau: 0), nil, nil),
      method(base, .focal(gamma: 1, factor: 1), nil, nil),
      method(base, .ldamOfSSESAM(maximum: 0.5, scale: 30), nil, nil),
      method(base, .crossEntropy, ClassWeighting(.effectiveNumber(base: 0.9999), start: 0), nil),
    ]
    var resampled = base
    resampled.sampling = .resampled
    var influence = base
    influence.loss = .influenceBalanced(alpha: 1000, start: base.epochs / 2)
    influence.weighting = ClassWeighting(.inverseFrequency, start: base.epochs / 2)
    var influenceSAM = influence
    influenceSAM.optimizer = .sam(rho: .constant(radii.ceDRW), variant: .released)
    let contrastive = [nil, radii.ceDRW].map { method(base, .parametricContrastive, nil, $0) }
    let rules: [(OptimizerChoice, ClassWeighting?)] = [
      (.pgd(sigma: 1e-4, variant: .weights), drw), (.pgd(sigma: 1e-4, variant: .gradient), drw),
      (.lpfSGD(radius: 0.001, shards: 8, holding: .nominal), drw),
      (.imbSAM(rho: .constant(0.05), eta: eta, normalization: .doubledTail), nil),
      (.imbSAM(rho: .constant(0.05), eta: eta, normalization: .groupMeans), nil),
      (
        .sseSAM(rhoHead: .constant(0.05), rhoTail: .constant(0.1), stageFraction: 0.7, eta: eta), nil
      ),
      (.gsam(rho: .constant(radii.ceDRW), alpha: 0.2), drw),
      (.lookSAM(rho: .constant(radii.ceDRW), period: 5, alpha: 0.7), drw),
      (.friendlySAM(rho: .constant(radii.ceDRW), sigma: 1, decay: 0.95), drw),
      (.focalSAM(rho: .constant(radii.ceDRW), gamma: 3, scale: 0.5), drw),
    ]
    return main + [named(resampled), named(influence), named(influenceSAM)] + contrastive
      + rules.map { optimizer, weighting in
        var recipe = base
        recipe.optimizer = optimizer
        recipe.weighting = weighting
        return named(recipe)
      }
  }

  /// The published protocol in small. The phases keep their relative positions (drops at 8/10 and 9/10 of the run,
  /// re-weighting with the first). The warm-up is one epoch, because 5 of 200 would be a quarter of an epoch. The drops
  /// are tenfold instead of hundredfold, because two short epochs at 10⁻³ and 10⁻⁵ would change nothing and
  /// re-weighting would have no visible effect. With batches of 32 and a ResNet-8 of 8 channels a run takes seconds.
  private static let syntheticFixture = Recipe(
    preset: "", architecture: small(width: 8), data: "fixture", epochs: 10,
    batchSize: 32,
    schedule: LearningRateSchedule(
      base: 0.1, warmupEpochs: 1,
      milestones: [.init(epoch: 8, factor: 0.1), .init(epoch: 9, factor: 0.01)]))

  /// The same for a hundred classes, with twice the channels and twice the passes, because a class has a tenth of the
  /// images.
  private static let hundredClasses: Recipe = {
    var recipe = syntheticFixture.lasting(20)
    recipe.data = "fixture100"
    recipe.architecture = small(width: 16)
    recipe.schedule = LearningRateSchedule(
      base: 0.1, warmupEpochs: 2,
      milestones: [.init(epoch: 16, factor: 0.1), .init(epoch: 18, factor: 0.01)])
    return recipe
  }()

  private static func small(width: Int) -> Architecture {
    guard let network = Architecture(.cifarResNet(depth: 8), width: width) else {
      preconditionFailure("no ResNet-8 of width \(width)")
    }
    return network
  }
}
