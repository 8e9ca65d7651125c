// swift-tools-version: 6.2
import PackageDescription

// In a package of your own the dependency is a version:
//
//   .package(url: "https://HOST/escapement", from: "0.1.0")
let package = Package(
  name: "OwnOptimizer",
  products: [
    .library(name: "OwnOptimizer", targets: ["OwnOptimizer"]),
    .executable(name: "train-nesterov", targets: ["train-nesterov"]),
  ],
  // The dependency's traits, passed on: `swift test --traits Images` builds Escapement with JPEG and PNG images.
  traits: [
    .trait(name: "Images", description: "JPEG and PNG images through libjpeg and libpng."),
    .trait(name: "MPI", description: "Several ranks under mpirun."),
  ],
  dependencies: [
    .package(
      name: "escapement", path: "../..",
      traits: [
        .trait(name: "Images", condition: .when(traits: ["Images"])),
        .trait(name: "MPI", condition: .when(traits: ["MPI"])),
      ])
  ],
  targets: [
    .target(
      name: "OwnOptimizer", dependencies: [.product(name: "Escapement", package: "escapement")]),
    .executableTarget(name: "train-nesterov", dependencies: ["OwnOptimizer"]),
    .testTarget(
      name: "OwnOptimizerTests",
      dependencies: [
        "OwnOptimizer", .product(name: "EscapementTesting", package: "escapement"),
      ],
      exclude: ["Golden"]),
    .testTarget(
      name: "OwnOptimizerXCTests",
      dependencies: [
        "OwnOptimizer", .product(name: "EscapementTesting", package: "escapement"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)
