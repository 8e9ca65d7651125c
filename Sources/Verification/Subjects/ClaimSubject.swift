import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementTraining

/// The code under test, with one requirement for each subject of a claim.
///
/// `PackageSubject` is the package's own code. A test replaces one part of it by a broken version and checks that the
/// verdict changes, which shows that a procedure can fail.
package protocol ClaimSubject: Sendable {
  /// Gradient descent with heavy-ball momentum and no weight decay.
  func gradientDescent<Element: Real>(
    momentum: Double, as type: Element.Type
  ) throws -> any UpdateRule<Element>
  /// SAM over gradient descent; `normalized` ascends by ρ g/‖g‖, otherwise by ρ g.
  func sharpnessAware<Element: Real>(
    rho: Double, normalized: Bool, momentum: Double, as type: Element.Type
  ) throws -> any UpdateRule<Element>
  /// The ends of the spectrum after `steps` Lanczos steps from a seeded Gaussian start, without early stop.
  func ritzExtremes(
    of map: @escaping (Tensor<Double>) throws -> Tensor<Double>, dimension: Int, steps: Int, seed: UInt64
  ) throws -> RitzExtremes
  /// The ends of the spectrum after `steps` steps of the process of the papers' spectra (PyHessian's), in Float and
  /// from a seeded start of ±1.
  func releasedRitzExtremes(
    of map: @escaping (Tensor<Float>) throws -> Tensor<Float>, dimension: Int, steps: Int, seed: UInt64
  ) throws -> RitzExtremes
  /// The number of images per class of the CIFAR data sets with imbalance ratio 100, most frequent class first.
  func classCounts(_ kind: ImbalanceProfile.Kind, classes: Int) throws -> [Int]
  /// Head, middle and tail of the long-tailed CIFAR-10.
  func classGroups() -> ClassGroups
  /// H·v for the Hessian of the (weighted) mean cross-entropy over the samples, under running statistics.
  func hessianProduct(
    classWeights: [Double]?, network: Network, parameters: ParameterVector<Double>,
    statistics: ParameterVector<Double>, direction: ParameterVector<Double>, samples: ImageSource<Double>
  ) throws -> Tensor<Double>
  /// The synthetic images on which contrasts at fixture scale are trained.
  func fixture() throws -> LongTailedData
  /// The final state of a run of a recipe on these images.
  func trained(_ recipe: Recipe, on data: LongTailedData) throws -> TrainingState<Float>
}

extension ClaimSubject {
  /// The embedded fixture.
  package func fixture() throws -> LongTailedData { try .fixture() }

  /// Runs `TrainingLoop` to its last epoch.
  package func trained(_ recipe: Recipe, on data: LongTailedData) throws -> TrainingState<Float> {
    var loop = try TrainingLoop<Float>(
      recipe: recipe,
      source: AugmentedImages<Float>(data.train, recipe: recipe),
      digestEvery: 0, loadAhead: 0)
    while !loop.isFinished {
      _ = try loop.step()
      if loop.isEpochComplete { _ = loop.endEpoch() }
    }
    return loop.state
  }
}

/// The two ends of a spectrum as computed by Lanczos.
package struct RitzExtremes: Sendable, Hashable {
  /// The smallest Ritz value.
  package var smallest: Double
  /// The largest Ritz value.
  package var largest: Double

  /// Extremes from their parts.
  package init(smallest: Double, largest: Double) {
    self.smallest = smallest
    self.largest = largest
  }
}
