/// The rungs of the ladder on which two training runs are compared. A difference on one rung can explain all
/// differences on later ones.
package enum Rung: String, CaseIterable, Hashable, Sendable {
  /// The training images.
  case data
  /// Their order, batches and augmentation.
  case order
  /// The parameters before the first step.
  case initialization
  /// The learning rate of a step.
  case rate
  /// The radius ρ of a step.
  case rho
  /// The loss at the parameters, and the number of images classified correctly there.
  case forward
  /// The norm of that loss's gradient.
  case backward
  /// The rule's ascent before the descent: ‖ε‖, the loss at the perturbed point, and the cosine between the two
  /// gradients.
  case ascent
  /// The parameters, the rule's vectors and the running statistics after the step.
  case update
  /// The accuracy on the test images.
  case evaluation

  /// The position on the ladder; the first rung is 0.
  package var position: Int { Self.allCases.firstIndex(of: self)! }
}

/// A quantity that records contain about a step, or about the run before its first step.
package enum TraceQuantity: String, CaseIterable, Hashable, Sendable {
  /// The digests of the training images and of their selection.
  case trainingImages = "training images"
  /// The settings that determine every order, batch and augmentation.
  case orderSettings = "seed, sampling and batch size"
  /// The digest of an epoch's order.
  case order = "order of the epoch"
  /// The settings that determine the initial parameters.
  case initialSettings = "network, classes and seed"
  /// The digest of the initial parameters.
  case initialParameters = "initial parameters"
  /// The learning rate that was applied.
  case learningRate = "learning rate"
  /// The requested radius.
  case rho
  /// The number of images of the step, or of the epoch.
  case samples
  /// The loss of the first query; for an epoch, the mean.
  case loss
  /// The number of images classified correctly there.
  case correct
  /// ‖g‖ of the first query.
  case gradientNorm = "gradient norm"
  /// ‖ε‖.
  case perturbationNorm = "perturbation norm"
  /// The loss whose gradient the descent follows.
  case descentLoss = "descent loss"
  /// The cosine between the two gradients.
  case cosine
  /// The link of the digest chain.
  case digest
  /// The number of test images.
  case testSamples = "test samples"
  /// The number of test images classified correctly.
  case testCorrect = "test correct"

  /// The rung of the quantity.
  package var rung: Rung {
    switch self {
    case .trainingImages: .data
    case .orderSettings, .order, .samples: .order
    case .initialSettings, .initialParameters: .initialization
    case .learningRate: .rate
    case .rho: .rho
    case .loss, .correct: .forward
    case .gradientNorm: .backward
    case .perturbationNorm, .descentLoss, .cosine: .ascent
    case .digest: .update
    case .testSamples, .testCorrect: .evaluation
    }
  }

  /// The quantities of a rung, in the order in which they are compared.
  static func on(_ rung: Rung) -> [TraceQuantity] { allCases.filter { $0.rung == rung } }

  /// Whether it is a computed number, not a setting or a count.
  var isMeasured: Bool {
    [.loss, .gradientNorm, .perturbationNorm, .descentLoss, .cosine].contains(self)
  }

  /// The quantity that makes this one redundant: settings are used only if their result is not recorded.
  var betterRecord: TraceQuantity? { self == .initialSettings ? .initialParameters : nil }
}
