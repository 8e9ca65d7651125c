import EscapementArtifacts
import EscapementFixtures
import EscapementLongTail
import EscapementNetworks
import EscapementTraining
import Foundation

/// The papers' methods on real images: whole runs in miniature on a small long-tailed part of the published CIFAR-10.
///
/// The package holds no image of it, but the manifest `Fixtures/cifar10-lt-mini`: the positions of 1,982 training images
/// (800 of class 0 down to 8 of class 9, as in the papers' ratio of 100) and of 1,000 test images, and the SHA-256 of
/// their records. The images come from the reader's own CIFAR-10. The runs are those of `MiniatureRun`, with the papers'
/// batches of 128 and a ResNet-8 of 16 channels.
package enum MiniatureCIFAR {
  /// The suite of these goldens.
  package static let suite = EmbeddedFixture.mini
  /// η: a class with fewer training images is in the tail, here the last four.
  static let eta = 50
  /// Lanczos steps of each class's spectrum.
  static let lanczosSteps = 8
  /// The training images of each class over which its spectrum is measured; the last classes have fewer.
  static let curvatureSamples = 16

  /// The cases: SGD, SAM, LDAM with SAM, and SSE-SAM; each but the last with deferred re-weighting. `place` holds CIFAR-10;
  /// without it the cases cannot be computed, and say so.
  ///
  /// Throws the errors of reading the manifest.
  package static func cases(at place: URL?) throws -> [GoldenCase] {
    guard let directory = EmbeddedFixture.locate(suite) else { return try recipes().map(unlisted) }
    let manifest = directory.appendingPathComponent("manifest.json")
    let bytes = try FileContents.read(manifest, limit: DataManifest.byteLimit)
    let document = JSONCursor(try JSON(parsing: bytes, file: manifest.path), file: manifest.path)
    return try recipes().map { recipe in
      let provenance = [
        "train": try document.field("train").field("sha256").string(),
        "test": try document.field("test").field("sha256").string(),
        "recipe": Digest(of: recipe.json.canonical()).hex, "lanczosSteps": String(lanczosSteps),
        "curvatureSamples": String(curvatureSamples),
      ]
      let missing = MissingError(
        what: "CIFAR-10", advice: "name its archive or directory with --data or in ESCAPEMENT_CIFAR10")
      return GoldenCase(
        suite: suite, name: recipe.method, provenance: provenance, missing: place == nil ? missing : nil
      ) {
        guard let place else { throw missing }
        let fixture = try PackedFixture(listedIn: manifest, from: place)
        return try GoldenCase.values(
          of: recipe, on: .packed(fixture.pair), lanczosSteps: lanczosSteps,
          curvatureSamples: curvatureSamples)
      }
    }
  }

  /// A case of an executable that was moved without its files.
  private static func unlisted(_ recipe: Recipe) -> GoldenCase {
    let missing = MissingError(
      what: "the manifest of \(suite), which lies beside the executable,", advice: "install the package again"
    )
    return GoldenCase(suite: suite, name: recipe.method, provenance: [:], missing: missing) { throw missing }
  }

  private static func recipes() throws -> [Recipe] {
    var stages = try Recipe.preset("cifar10-lt100/ce")
    guard let rule = OptimizerChoice.byName.first(where: { $0.name == "sse-sam" }) else {
      preconditionFailure("SSE-SAM has no name")
    }
    stages.optimizer = rule.optimizer
    let published = try ["ce-drw", "ce-drw-sam", "ldam-drw-sam"].map {
      try Recipe.preset("cifar10-lt100/\($0)")
    }
    return (published + [stages]).map { recipe in
      var small = MiniatureRun.recipe(of: recipe)
      guard
        let network = Architecture(.cifarResNet(depth: 8), width: 16, classifier: recipe.loss.classifier)
      else { preconditionFailure("no ResNet-8 of width 16") }
      small.architecture = network
      small.batchSize = recipe.batchSize
      small.optimizer = small.optimizer.with(eta: eta) ?? small.optimizer
      small.data = "packed"
      small.preset = "\(suite)/\(small.method)"
      return small
    }
  }
}
