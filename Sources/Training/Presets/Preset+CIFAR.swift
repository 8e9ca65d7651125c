import EscapementOptimizers
import EscapementNetworks

extension Preset {
  /// Radii of SAM by method: Table 1 of the NeurIPS 2022 supplement, for imbalance 100.
  struct Radii {
    let ce: Double
    let ceDRW: Double
    let ldamDRW: Double
    let vs: Double

    static let cifar10LongTailed = Radii(ce: 0.1, ceDRW: 0.5, ldamDRW: 0.8, vs: 0.5)
    static let cifar10Step = Radii(ce: 0.1, ceDRW: 0.2, ldamDRW: 0.1, vs: 0.2)
    static let cifar100LongTailed = Radii(ce: 0.2, ceDRW: 0.8, ldamDRW: 0.8, vs: 0.8)
    static let cifar100Step = Radii(ce: 0.5, ceDRW: 0.2, ldamDRW: 0.5, vs: 0.2)
  }

  /// The rows of the poster and of the supplement's Tables 1, 3, 4 and 5 on CIFAR: ResNet-32, 200 epochs, re-weighting
  /// from epoch 160.
  static let cifar: [Preset] = [
    ("cifar10", Radii.cifar10LongTailed, Radii.cifar10Step, "table 3"),
    ("cifar100", Radii.cifar100LongTailed, Radii.cifar100Step, "table 4"),
  ].flatMap { set, longTailed, step, byRatio -> [Preset] in
    var presets = main(Recipe(preset: "", data: "\(set)-lt100"), longTailed).map { preset in
      var preset = preset
      preset.rows = ["poster, results"]
      if preset.recipe.optimizer != .sgd { preset.rows.append("supplement, table 1") }
      if preset.recipe.weighting != nil { preset.rows.append("supplement, \(byRatio)") }
      return preset
    }
    presets += otherOptimizers(Recipe(preset: "", data: "\(set)-lt100"))
    presets += main(Recipe(preset: "", data: "\(set)-step100"), step).map { preset in
      var preset = preset
      // Their accuracies are in the paper itself; the radii are in the supplement.
      preset.rows = ["paper, table 1"]
      if preset.recipe.optimizer != .sgd { preset.rows.append("supplement, table 1") }
      return preset
    }
    for ratio in [10, 50, 200] {
      let deferred = main(Recipe(preset: "", data: "\(set)-lt\(ratio)"), longTailed).filter {
        $0.recipe.weighting != nil
      }
      presets += deferred.map { preset in
        var preset = preset
        preset.rows = ["supplement, \(byRatio)"]
        if preset.recipe.optimizer != .sgd {
          preset.assumptions = ["ρ is stated for imbalance 100 only, and taken from there"]
        }
        return preset
      }
    }
    if set == "cifar100" {
      presets += [100, 200].flatMap { comparisons(Recipe(preset: "", data: "\(set)-lt\($0)"), longTailed) }
    }
    return presets
  }

  /// Cross-entropy, CE+DRW, LDAM+DRW and VS, each with SGD and with SAM.
  static func main(_ base: Recipe, _ radii: Radii) -> [Preset] {
    let drw = ClassWeighting.deferred()
    let vs = [
      "whether the released schedule was stretched over the 300 epochs of VS is not stated: it is not",
      "VS is taken without re-weighting: its rows do not name DRW",
    ]
    return [
      method(base, .crossEntropy, nil, nil), method(base, .crossEntropy, nil, radii.ce),
      method(base, .crossEntropy, drw, nil), method(base, .crossEntropy, drw, radii.ceDRW),
      method(base, .ldam, drw, nil), method(base, .ldam, drw, radii.ldamDRW),
    ]
      + [nil, radii.vs].map { rho in
        var preset = method(base.lasting(300), .vs, nil, rho)
        preset.assumptions = vs
        return preset
      }
  }

  /// A method on a base recipe, named according to its values.
  static func method(
    _ base: Recipe, _ loss: LossChoice, _ weighting: ClassWeighting?, _ rho: Double?
  ) -> Preset {
    var recipe = base
    recipe.loss = loss
    guard let network = base.architecture.with(loss.classifier) else {
      preconditionFailure("no \(base.architecture) with a \(loss.classifier.rawValue) classifier")
    }
    recipe.architecture = network
    recipe.weighting = weighting
    if let rho { recipe.optimizer = .sam(rho: .constant(rho), variant: .released) }
    return named(recipe)
  }

  /// The preset of a recipe, named according to its values.
  static func named(_ recipe: Recipe) -> Preset {
    var recipe = recipe
    recipe.preset = "\(recipe.data)/\(recipe.method)"
    return Preset(recipe)
  }

  /// The poster's other methods of escaping saddles, with CE+DRW.
  private static func otherOptimizers(_ base: Recipe) -> [Preset] {
    var pgd = base
    pgd.weighting = .deferred()
    pgd.optimizer = .pgd(sigma: 1e-4, variant: .weights)
    var lpf = pgd
    lpf.optimizer = .lpfSGD(radius: 0.001, shards: 8, holding: .nominal)
    var presets = [named(pgd), named(lpf)]
    presets[0].assumptions = ["to what the noise is added is not stated: the weights, after every step"]
    presets[1].assumptions = [
      "no code of this combination was released: that of its authors without augmentation"
    ]
    for i in presets.indices { presets[i].rows = ["poster, optimizers"] }
    return presets
  }

  /// The supplement's Table 5: the influence-balanced loss and parametric contrastive learning.
  private static func comparisons(_ base: Recipe, _ radii: Radii) -> [Preset] {
    var ib = base
    ib.loss = .influenceBalanced
    ib.weighting = ClassWeighting(.inverseFrequency, start: 100)
    ib.schedule = .influenceBalanced()
    var paco = base.lasting(400)
    paco.schedule = .parametricContrastive()
    paco.weightDecay = 5e-4
    paco = method(paco, .parametricContrastive, nil, nil).recipe
    return [ib, paco].flatMap { recipe in
      [nil, radii.ceDRW].map { rho in
        var recipe = recipe
        if let rho { recipe.optimizer = .sam(rho: .constant(rho), variant: .released) }
        var preset = named(recipe)
        preset.rows = ["supplement, table 5"]
        if rho != nil {
          preset.assumptions = ["ρ is not stated: that of CE+DRW+SAM at imbalance 100"]
          if recipe.loss == .parametricContrastive {
            preset.assumptions.append(
              "no code of PaCo with SAM was released: both gradients have the same views, keys and queue")
          }
        }
        return preset
      }
    }
  }
}
