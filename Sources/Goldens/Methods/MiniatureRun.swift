import EscapementOptimizers
import EscapementLongTail
import EscapementNetworks
import EscapementTraining

/// The published protocol in miniature: images, network and phases of the method goldens.
///
/// Three epochs of a few steps on a few images of the embedded fixture. Everything that changes during a published run
/// also changes here: the learning rate rises with the second epoch and drops with the third, class weights (and the
/// influence-balanced loss) begin with the second, SSE-SAM's head radius ends with the third, LookSAM ascends three
/// times, an epoch's last batch is a smaller one (PaCo drops it), and PaCo's queue is filled twice. The trained network
/// is useless; its numbers only detect changes of the code.
package enum MiniatureRun {
  /// Epochs of a run.
  package static let epochs = 3
  /// The 0-based epoch with which class weights begin.
  package static let weightsFrom = 1
  /// Images per step: LPF-SGD splits them into eight shards of two.
  package static let batchSize = 16
  /// η: a class with fewer training images is in the tail.
  package static let eta = 5
  /// SSE-SAM's γ: a switch at 0.6 of three epochs takes effect in the third.
  package static let stageFraction = 0.6
  /// Keys in PaCo's queue: four batches.
  package static let queue = 64
  /// Lanczos steps of each class's spectrum.
  package static let lanczosSteps = 4

  /// Ten classes with 12 to 2 training images and 5 test images each: the first images of each class of a set, in the
  /// order of the classes.
  package static func data(of full: LongTailedData) -> LongTailedData {
    let counts = ImbalanceProfile(
      kind: .longTailed, ratio: 6, classes: full.train.classes, perClass: 12
    ).counts
    return LongTailedData(
      name: full.name, train: first(counts, of: full.train),
      test: first(counts.map { _ in 5 }, of: full.test), groups: full.groups)
  }

  private static func first(_ counts: [Int], of images: any LabeledImages) -> ImageSet {
    guard let set = images as? ImageSet else { preconditionFailure("the fixture is not in memory") }
    let kept = counts.indices.flatMap { set.positions(ofClass: $0).prefix(counts[$0]) }
    return set.selecting(kept).withOwnDigest()
  }

  /// A recipe on these images. Loss, weights, sampling, rule, momentum and weight decay are the recipe's. So are the
  /// curves of rate and radius, with their changes at the second and third epoch. Everything else is the miniature's.
  package static func recipe(of recipe: Recipe) -> Recipe {
    var small = recipe
    guard let network = Architecture(.cifarResNet(depth: 8), width: 4, classifier: recipe.loss.classifier)
    else { preconditionFailure("no ResNet-8 of width 4") }
    small.architecture = network
    small.epochs = epochs
    small.batchSize = batchSize
    small.schedule = schedule(of: recipe)
    small.optimizer = optimizer(of: recipe)
    switch recipe.loss {
    case .influenceBalanced(let alpha, _):
      small.loss = .influenceBalanced(alpha: alpha, start: weightsFrom)
    case .parametricContrastive(let alpha, let temperature, _):
      small.loss = .parametricContrastive(alpha: alpha, temperature: temperature, queue: queue)
    default: break
    }
    if let weighting = recipe.weighting, weighting.start > 0 { small.weighting?.start = weightsFrom }
    return small
  }

  private static func schedule(of recipe: Recipe) -> LearningRateSchedule {
    if case .cosine(_, let ahead) = recipe.schedule.curve {
      // One epoch more than the run: if the schedule is read one epoch ahead, the last rate would otherwise be 0 and
      // hide the last epoch.
      return .cosine(base: recipe.schedule.base, epochs: epochs + 1, ahead: ahead)
    }
    // The influence-balanced loss is a thousand times larger than the others; its published schedule drops the rate
    // when it begins.
    let isInfluence = if case .influenceBalanced = recipe.loss { true } else { false }
    return LearningRateSchedule(
      base: 0.1, warmupEpochs: isInfluence ? 1 : 2,
      milestones: isInfluence
        ? [.init(epoch: 1, factor: 0.01), .init(epoch: 2, factor: 1e-4)] : [.init(epoch: 2, factor: 0.1)])
  }

  private static func optimizer(of recipe: Recipe) -> OptimizerChoice {
    let rule = recipe.optimizer.with(eta: eta) ?? recipe.optimizer
    switch rule {
    case .sseSAM(let rhoHead, let rhoTail, _, let eta):
      return .sseSAM(rhoHead: rhoHead, rhoTail: rhoTail, stageFraction: stageFraction, eta: eta)
    case .sam(.steps(let first, let later), let variant):
      let changes = later.suffix(epochs - 1).enumerated().map { index, change in
        RhoSchedule.Milestone(epoch: index + 1, rho: change.rho)
      }
      return .sam(rho: .steps(first: first, then: changes), variant: variant)
    default: return rule
    }
  }
}
