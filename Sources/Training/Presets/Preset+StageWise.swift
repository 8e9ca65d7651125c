import EscapementOptimizers

extension Preset {
  /// The rows of the READMEs of SSE-SAM and ImbSAM: ResNet-34 on CIFAR-100 LT with the first images of each class.
  ///
  /// Learning rate 0.01 with a half-cosine that ends at 0, batches of 64, weight decay 10⁻³, 200 epochs, no warm-up,
  /// seed 9826, logits averaged with those of the flipped image. The tail of SSE-SAM is the classes with fewer than 100
  /// images, as in its README's command; the tail of the ImbSAM repository is those with fewer than 20.
  ///
  /// The code of SSE-SAM reports the best of every tenth epoch by mean per-class test accuracy, that of ImbSAM the best
  /// of all. Rows of both READMEs are selected as in SSE-SAM.
  static let stageWise: [Preset] = {
    let base = Recipe(
      preset: "", architecture: .resNet34, data: "cifar100-lt100-first", batchSize: 64,
      schedule: .cosine(base: 0.01, epochs: 200, ahead: 1), weightDecay: 1e-3, seed: 9826)
    let sseSAM = OptimizerChoice.sseSAM(
      rhoHead: .constant(0.05), rhoTail: .constant(0.1), stageFraction: 0.7, eta: 100)
    let sse = "SSE-SAM, README"
    let imb = "ImbSAM, README"
    let sam = "ρ of the README's SAM row is not stated: the code's default"
    let rows: [(LossChoice, OptimizerChoice, [String], [String])] = [
      (.crossEntropy, .sgd, [sse, imb], []),
      (.crossEntropy, .sam(rho: .constant(0.05), variant: .released), [sse, imb], [sam]),
      (
        .crossEntropy, .imbSAM(rho: .constant(0.05), eta: 20, normalization: .doubledTail), [imb],
        ["the README's table is older than the doubled tail of the code"]
      ),
      (
        .crossEntropy, .imbSAM(rho: .constant(0.05), eta: 100, normalization: .groupMeans), [sse],
        ["ρ and η of this baseline are not stated: the code's default and SSE-SAM's own η"]
      ),
      (.crossEntropy, sseSAM, [sse], []),
      (.ldamOfSSESAM(maximum: 0.5, scale: 30), sseSAM, [], ["ρ and γ by loss are not stated: those of CE"]),
      (.vs(gamma: 0, tau: 0.75), sseSAM, [], ["ρ and γ by loss are not stated: those of CE"]),
      (.vs, sseSAM, [], ["ρ and γ by loss are not stated: those of CE"]),
    ]
    return rows.map { loss, optimizer, tables, assumptions in
      var recipe = base
      recipe.loss = loss
      recipe.optimizer = optimizer
      var preset = named(recipe)
      preset.testTime = .flip
      preset.selectEvery = tables == [imb] ? 1 : 10
      preset.rows = tables
      preset.assumptions = assumptions
      return preset
    }
  }()
}
