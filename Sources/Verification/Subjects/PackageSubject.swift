import EscapementOptimizers
import EscapementCalculus
import EscapementCurvature
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementTraining

/// The package's own code.
package struct PackageSubject: ClaimSubject {
  /// The package's own code.
  package init() {}

  /// `SGD` without weight decay.
  package func gradientDescent<Element: Real>(
    momentum: Double, as type: Element.Type
  ) throws -> any UpdateRule<Element> {
    try SGD<Element>(momentum: momentum, weightDecay: 0)
  }

  /// `SAM` over `SGD` without weight decay.
  package func sharpnessAware<Element: Real>(
    rho: Double, normalized: Bool, momentum: Double, as type: Element.Type
  ) throws -> any UpdateRule<Element> {
    try SAM(
      base: SGD<Element>(momentum: momentum, weightDecay: 0), rho: rho,
      variant: SAMVariant(
        ascent: normalized ? .normalized : .unnormalized, secondPassStatistics: .freeze))
  }

  /// `Lanczos` with two-pass reorthogonalization and this package's solver for the tridiagonal matrix.
  package func ritzExtremes(
    of map: @escaping (Tensor<Double>) throws -> Tensor<Double>, dimension: Int, steps: Int, seed: UInt64
  ) throws -> RitzExtremes {
    let operation = ClosureOperator(dimension: dimension, map: map)
    let krylov = try Lanczos(steps: steps, seed: seed, breakdown: .proceed).decompose(operation)
    return try ends(of: krylov.tridiagonal)
  }

  /// `ReleasedLanczos`, and this package's solver for the tridiagonal matrix.
  package func releasedRitzExtremes(
    of map: @escaping (Tensor<Float>) throws -> Tensor<Float>, dimension: Int, steps: Int, seed: UInt64
  ) throws -> RitzExtremes {
    let operation = ClosureOperator(dimension: dimension, map: map)
    return try ends(of: ReleasedLanczos(steps: steps, seed: seed).decompose(operation).tridiagonal)
  }

  private func ends(of matrix: SymmetricTridiagonal) throws -> RitzExtremes {
    let values = try TridiagonalEigen(matrix).values
    return RitzExtremes(smallest: values[0], largest: values[values.count - 1])
  }

  /// `ImbalanceProfile` on 50000 training images.
  package func classCounts(_ kind: ImbalanceProfile.Kind, classes: Int) throws -> [Int] {
    ImbalanceProfile(kind: kind, ratio: 100, classes: classes, perClass: 50000 / classes).counts
  }

  /// `ClassGroups` by class index.
  package func classGroups() -> ClassGroups { ClassGroups(byIndex: .longTailed, classes: 10) }

  /// `Objective.hessianVectorProduct`.
  package func hessianProduct(
    classWeights: [Double]?, network: Network, parameters: ParameterVector<Double>,
    statistics: ParameterVector<Double>, direction: ParameterVector<Double>, samples: ImageSource<Double>
  ) throws -> Tensor<Double> {
    let objective = Objective<Double>(network: network, loss: SoftmaxCrossEntropy(classWeights: classWeights))
    return try objective.hessianVectorProduct(
      at: parameters, statistics: statistics, direction: direction, over: samples
    ).flat
  }
}

/// A closure as an operator, which must be symmetric.
private struct ClosureOperator<Element: Real>: SymmetricOperator {
  var dimension: Int
  var map: (Tensor<Element>) throws -> Tensor<Element>

  func product(_ vector: Tensor<Element>) throws -> Tensor<Element> { try map(vector) }
}
