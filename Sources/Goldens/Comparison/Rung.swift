/// The ladder on which two training runs are compared: what comes first may explain all that comes after it.
package enum Rung: String, CaseIterable, Hashable, Sendable {
  /// Which images are trained on.
  case data
  /// In which order, in which batches and under which augmentation.
  case order
  /// The parameters before the first step.
  case initialization
  /// The learning rate of a step.
  case rate
  /// The radius ρ of a step.
  case rho
  /// The loss at the parameters and the images classified correctly there.
  case forward
  /// The norm of that loss's gradient.
  case backward
  /// What a rule does with the gradient before it descends: ‖ε‖, the loss of the perturbed point, the cosine between
  /// the two gradients.
  case ascent
  /// The parameters, the rule's vectors and the running statistics after the step.
  case update
  /// The accuracy on the test images.
  case evaluation

  /// The position, from 0 for what comes first.
  package var position: Int { Self.allCases.firstIndex(of: self)! }
}

/// One thing that records hold about a step, or about the run before its first step.
package enum TraceQuantity: String, CaseIterable, Hashable, Sendable {
  /// The digests of the training images and of their choice.
  case trainingImages = "training images"
  /// What decides every order, batch and augmentation.
  case orderSettings = "seed, sampling and batch size"
  /// The digest of an epoch's order.
  case order = "order of the epoch"
  /// What decides the initial parameters.
  case initialSettings = "network, classes and seed"
  /// Their digest.
  case initialParameters = "initial parameters"
  /// The learning rate applied.
  case learningRate = "learning rate"
  /// The radius asked for.
  case rho
  /// The images of the step, or of the epoch.
  case samples
  /// The loss of the first query; of an epoch the mean.
  case loss
  /// The images classified correctly there.
  case correct
  /// ‖g‖ of the first query.
  case gradientNorm = "gradient norm"
  /// ‖ε‖.
  case perturbationNorm = "perturbation norm"
  /// The loss whose gradient is descended along.
  case descentLoss = "descent loss"
  /// The cosine between the two gradients.
  case cosine
  /// The link of the digest chain.
  case digest
  /// The test images.
  case testSamples = "test samples"
  /// Those of them classified correctly.
  case testCorrect = "test correct"

  /// The rung that it stands on.
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

  /// Whether it is a number that was computed, and neither a setting nor a count.
  var isMeasured: Bool {
    [.loss, .gradientNorm, .perturbationNorm, .descentLoss, .cosine].contains(self)
  }

  /// The record that makes this one superfluous: settings stand in for what they lead to.
  var betterRecord: TraceQuantity? { self == .initialSettings ? .initialParameters : nil }
}
