// swift-tools-version: 6.2
import PackageDescription

// The module graph, as data. Layers are listed bottom up and a target may name only targets of
// earlier lines; `precondition` below holds that, so an upward import cannot be written by accident.
// Names are those of the folders. Modules have a prefix, because their names must be unique in the whole
// graph of a package that depends on this one: Kernels is EscapementKernels, CZlib is CEscapementZlib.
struct Layer {
  enum Kind { case c, system(pkgConfig: String, apt: String), swift, tool }
  var kind: Kind
  var name: String
  var uses: [String] = []
  var libraries: [String] = []
  // Where its files are; nil: Sources/NAME.
  var path: String? = nil
  var resources: [String] = []
  // Files that become part of the code, so that they go with an executable that is copied alone.
  var embedded: [String] = []
  // Files at `path` that are of no target.
  var others: [String] = []
  // The library product that a Swift layer belongs to; nil: only other layers use it.
  var product: String? = "Escapement"
  // The trait without which the target is empty: nothing of it is compiled, linked or imported.
  var trait: String? = nil

  var module: String { moduleName(name) }
}

func moduleName(_ folder: String) -> String {
  if folder.hasPrefix("Escapement") { return folder }
  let isC = folder.first == "C" && folder.dropFirst().first?.isUppercase == true
  return isC ? "CEscapement" + folder.dropFirst() : "Escapement" + folder
}

let layers: [Layer] = [
  Layer(kind: .c, name: "CKernels", libraries: ["m", "pthread"]),
  Layer(kind: .c, name: "CLAPACK", libraries: ["lapacke", "openblas"]),
  Layer(kind: .c, name: "CImageFiles", libraries: ["jpeg", "png"], trait: "Images"),
  Layer(kind: .c, name: "CMPI", libraries: ["mpi"], trait: "MPI"),
  Layer(kind: .system(pkgConfig: "zlib", apt: "zlib1g-dev"), name: "CZlib"),
  Layer(kind: .system(pkgConfig: "libcrypto", apt: "libssl-dev"), name: "CCrypto"),
  Layer(kind: .c, name: "CCurl", libraries: ["dl"]),
  Layer(kind: .swift, name: "Kernels", uses: ["CKernels"]),
  Layer(kind: .swift, name: "Randomness", uses: ["CKernels"]),
  Layer(kind: .swift, name: "Artifacts", uses: ["CCrypto"]),
  Layer(kind: .swift, name: "Statistics", uses: ["CKernels", "Kernels", "Randomness"]),
  Layer(kind: .swift, name: "Calculus", uses: ["CKernels", "Kernels", "Randomness", "Artifacts", "CMPI"]),
  Layer(
    kind: .swift, name: "Fixtures", path: "Fixtures",
    resources: ["cifar-format-synthetic", "cifar10-lt-mini"]),
  Layer(
    kind: .swift, name: "RecordedVerdicts", path: "Golden", embedded: ["claims.json"],
    others: ["fixture", "training", "trajectories", "cifar10-lt-mini"], product: nil),
  Layer(
    kind: .swift, name: "LongTail",
    uses: ["Kernels", "Randomness", "Artifacts", "Calculus", "Fixtures", "CKernels", "CImageFiles", "CZlib"]),
  Layer(kind: .swift, name: "Networks", uses: ["Kernels", "Randomness", "Calculus", "LongTail"]),
  Layer(
    kind: .swift, name: "Optimizers", uses: ["CKernels", "Kernels", "Randomness", "Artifacts", "Calculus"]),
  Layer(
    kind: .swift, name: "Training",
    uses: [
      "CZlib",
      "CKernels", "Kernels", "Randomness", "Artifacts", "Calculus", "LongTail", "Networks", "Optimizers",
    ]),
  Layer(
    kind: .swift, name: "Curvature",
    uses: ["CKernels", "Kernels", "Randomness", "Statistics", "Calculus", "LongTail", "Networks"]),
  Layer(
    kind: .swift, name: "Escapement",
    uses: [
      "Artifacts", "Kernels", "Randomness", "Statistics", "Calculus", "LongTail", "Networks", "Optimizers",
      "Training",
      "Curvature",
    ]),
  // Below here is what the tool and the tests use: a program that imports Escapement needs neither LAPACK nor these.
  Layer(kind: .swift, name: "LAPACK", uses: ["CLAPACK", "Kernels", "Curvature"], product: nil),
  Layer(kind: .swift, name: "Drawing", uses: ["Kernels", "Artifacts"], product: nil),
  Layer(
    kind: .swift, name: "Goldens",
    uses: [
      "CKernels", "Kernels", "Randomness", "Artifacts", "Statistics", "Drawing", "Calculus", "LongTail",
      "Networks", "Optimizers",
      "Training", "Curvature",
    ],
    product: nil),
  Layer(
    kind: .swift, name: "Experiments",
    uses: [
      "CKernels", "Kernels", "Randomness", "Artifacts", "Statistics", "Drawing", "Calculus", "LongTail",
      "Networks",
      "Optimizers", "Training", "Curvature",
    ],
    product: nil),
  Layer(
    kind: .swift, name: "Verification",
    uses: [
      "CKernels", "Kernels", "Randomness", "Artifacts", "Statistics", "Fixtures", "Drawing", "Calculus",
      "LongTail", "RecordedVerdicts",
      "Networks", "Optimizers", "Training", "Curvature", "LAPACK", "Goldens", "Experiments",
    ],
    product: nil),
  Layer(
    kind: .swift, name: "EscapementTesting",
    uses: [
      "CKernels", "Kernels", "Randomness", "Artifacts", "Calculus", "LongTail", "Networks", "Optimizers",
      "Training", "Goldens",
    ],
    product: "EscapementTesting"),
  Layer(
    kind: .tool, name: "EscapementTool",
    uses: [
      "CKernels", "CLAPACK", "CZlib", "CCrypto", "CCurl", "Kernels", "Randomness", "Artifacts", "Statistics",
      "Fixtures", "Drawing", "Calculus", "LongTail", "Networks", "Optimizers", "Training", "Curvature",
      "Goldens",
      "LAPACK", "Experiments", "Verification", "EscapementTesting",
    ]),
]

let testedModules = [
  "Kernels", "Randomness", "Artifacts", "Statistics", "Calculus", "LongTail", "Networks", "Optimizers",
  "Training",
  "Curvature", "Verification", "EscapementTesting", "EscapementTool",
]

let traits = Dictionary(
  uniqueKeysWithValues: layers.compactMap { layer in layer.trait.map { (layer.name, $0) } })

func dependency(on name: String) -> Target.Dependency {
  .target(name: moduleName(name), condition: traits[name].flatMap { .when(traits: [$0]) })
}

var declared: Set<String> = []
var targets: [Target] = []
for layer in layers {
  for name in layer.uses {
    precondition(declared.contains(name), "\(layer.name) may not import \(name): it is declared later")
  }
  declared.insert(layer.name)
  var dependencies = layer.uses.map(dependency(on:))
  let path = layer.path ?? "Sources/\(layer.name)"
  switch layer.kind {
  case .c where layer.trait != nil:
    // SwiftPM compiles it whatever the traits, so its sources look for a definition: EIMAGES for Images.
    let trait = layer.trait!
    targets.append(
      .target(
        name: layer.module, path: path,
        cSettings: [.define("E" + trait.uppercased(), .when(traits: [trait]))],
        linkerSettings: layer.libraries.map { .linkedLibrary($0, .when(traits: [trait])) }))
  case .c:
    targets.append(
      .target(
        name: layer.module, path: path,
        // Fast kernels under plain `swift test` too; contraction would make bits depend on the compiler.
        cSettings: [.unsafeFlags(["-O3", "-ffp-contract=off"])],
        linkerSettings: layer.libraries.map { .linkedLibrary($0) }))
  case .system(let pkgConfig, let apt):
    targets.append(
      .systemLibrary(name: layer.module, path: path, pkgConfig: pkgConfig, providers: [.apt([apt])]))
  case .swift:
    targets.append(
      .target(
        name: layer.module, dependencies: dependencies, path: path, exclude: layer.others,
        resources: layer.resources.map { .copy($0) } + layer.embedded.map { .embedInCode($0) }))
  case .tool:
    dependencies.append(.product(name: "ArgumentParser", package: "swift-argument-parser"))
    targets.append(.executableTarget(name: layer.module, dependencies: dependencies, path: path))
  }
}

targets.append(
  .target(
    name: "EscapementTestSupport",
    dependencies: [
      "CKernels", "Kernels", "Randomness", "Artifacts", "Calculus", "LongTail", "Networks",
      "Optimizers", "Training", "Curvature", "EscapementTesting",
    ].map(dependency(on:)),
    path: "Tests/TestSupport"))
for module in testedModules {
  targets.append(
    .testTarget(
      name: "\(module)Tests",
      dependencies: layers.first { $0.name == module }!.uses.map(dependency(on:))
        // The oracle of eigenvalues, which Curvature itself does without.
        + (module == "Curvature" ? [dependency(on: "LAPACK")] : [])
        + [dependency(on: module), "EscapementTestSupport"],
      exclude: module == "Training" ? ["TorchFiles"] : [],
      // ./ci.sh tests an optimized build; optimizing the tests themselves would take minutes and gain none.
      swiftSettings: [.unsafeFlags(["-Onone"], .when(configuration: .release))]))
}

func library(_ name: String) -> Product {
  .library(
    name: name,
    targets: layers.compactMap { layer in
      if case .swift = layer.kind, layer.product == name { layer.module } else { nil }
    })
}

let package = Package(
  name: "escapement",
  products: [
    library("Escapement"),
    library("EscapementTesting"),
    .executable(name: "escapement", targets: ["EscapementTool"]),
  ],
  traits: [
    .trait(
      name: "Images",
      description: "JPEG and PNG images through libjpeg and libpng (apt-get install libjpeg-dev libpng-dev)."
    ),
    .trait(
      name: "MPI",
      description: "Several ranks under mpirun through Open MPI (apt-get install libopenmpi-dev openmpi-bin)."
    ),
  ],
  dependencies: [
    // The command line's flags, help and usage errors.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
  ],
  targets: targets,
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c17
)
