import EscapementOptimizers

extension Preset {
  /// The rows on ImageNet-LT (the supplement's Table 2) and iNaturalist 2018: ResNet-50, 90 epochs with a half-cosine
  /// learning rate, batches of 256, re-weighting from epoch 60.
  ///
  /// Weight decay and radii are those of the released run script; the supplement's section C gives the schedule of
  /// LDAM's radii for both sets.
  static let largeScale: [Preset] = {
    let imageNet = Recipe(
      preset: "", architecture: .resNet50, data: "imagenet-lt", epochs: 90, batchSize: 256,
      schedule: .cosine(base: 0.2, epochs: 90))
    var iNaturalist = imageNet
    iNaturalist.data = "inat18"
    iNaturalist.schedule.base = 0.1
    let drw = ClassWeighting.deferred(start: 60)
    let rising = RhoSchedule.largeScale(0.05, 0.1, 0.5, 0.5)
    let rows: [(Recipe, LossChoice, ClassWeighting?, RhoSchedule?, decay: Double)] = [
      (imageNet, .crossEntropy, nil, nil, 2e-4), (imageNet, .crossEntropy, drw, nil, 2e-4),
      (imageNet, .crossEntropy, drw, rising, 2e-4), (imageNet, .ldamLargeScale, drw, nil, 2e-4),
      (imageNet, .ldamLargeScale, drw, rising, 2e-4),
      (iNaturalist, .crossEntropy, drw, nil, 2e-4),
      (iNaturalist, .crossEntropy, drw, .largeScale(0.05, 0.1, 0.1, 0.2), 2e-4),
      (iNaturalist, .ldamLargeScale, drw, nil, 1e-4), (iNaturalist, .ldamLargeScale, drw, rising, 1e-4),
    ]
    return rows.map { base, loss, weighting, rho, decay in
      var recipe = base
      recipe.weightDecay = decay
      if let rho { recipe.optimizer = .sam(rho: rho, variant: .released) }
      var preset = method(recipe, loss, weighting, nil)
      let isInTable2 = base.data == "imagenet-lt" && (weighting == nil || loss == .ldamLargeScale)
      preset.rows = isInTable2 ? ["supplement, table 2"] : ["released run script"]
      preset.notRun = "ResNet-50 on images of 224 × 224 for 90 epochs: no run is planned"
      return preset
    }
  }()
}

extension LossChoice {
  /// LDAM with the released constants on ImageNet-LT and iNaturalist 2018.
  public static let ldamLargeScale = LossChoice.ldam(maximum: 0.3, scale: 30)
}
