import EscapementArtifacts

/// The two CIFAR data sets and the layout of their files.
public enum CIFARSet: String, Hashable, Sendable, CaseIterable {
  /// 10 classes with 5,000 training and 1,000 test images each, in five training files and one test file.
  case cifar10
  /// 100 fine classes in 20 coarse ones, with 500 training and 100 test images per fine class, in one file each.
  case cifar100

  /// Which of an image's labels is used.
  public enum Labels: String, Hashable, Sendable {
    /// The 10 or 100 classes.
    case fine
    /// CIFAR-100's 20 superclasses.
    case coarse
  }

  /// The number of label bytes before an image: one, or two for the coarse and the fine label.
  public var labelBytes: Int { self == .cifar10 ? 1 : 2 }
  /// The number of bytes in a record of the binary version.
  public var recordBytes: Int { labelBytes + ImageSet.imageBytes }
  /// The numbers of records in a training file and in the test file.
  var recordsPerFile: (train: Int, test: Int) { self == .cifar10 ? (10_000, 10_000) : (50_000, 10_000) }
  /// The number of images in all training files.
  public var trainingCount: Int { 50_000 }

  /// The number of classes.
  public func classes(_ labels: Labels = .fine) -> Int {
    switch (self, labels) {
    case (.cifar10, _): 10
    case (.cifar100, .fine): 100
    case (.cifar100, .coarse): 20
    }
  }

  /// A file of the set: its name without extension.
  public struct Part: Hashable, Sendable {
    /// "data_batch_1", "train".
    public let name: String
    /// The number of its records.
    public let records: Int
    /// SHA-256 of the published file in the binary version.
    public let published: Digest
  }

  /// The training files, in the data set's order.
  public var trainParts: [Part] {
    switch self {
    case .cifar10:
      zip(1..., Self.cifar10TrainDigests).map { part("data_batch_\($0)", recordsPerFile.train, $1) }
    case .cifar100:
      [part("train", 50_000, "f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29")]
    }
  }

  /// The file of test images.
  public var testPart: Part {
    switch self {
    case .cifar10:
      part("test_batch", 10_000, "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b")
    case .cifar100:
      part("test", 10_000, "d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a")
    }
  }

  // SHA-256 of the members of cifar-10-binary.tar.gz and cifar-100-binary.tar.gz, as published by public data set
  // libraries for checking downloads.
  private static let cifar10TrainDigests = [
    "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
    "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
    "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
    "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
    "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
  ]

  private func part(_ name: String, _ records: Int, _ digest: String) -> Part {
    guard let published = Digest(hex: digest) else { preconditionFailure("\(digest) is no SHA-256") }
    return Part(name: name, records: records, published: published)
  }

  /// The directories to which the published archives unpack.
  var directories: [String] {
    self == .cifar10
      ? ["cifar-10-batches-bin", "cifar-10-batches-py"] : ["cifar-100-binary", "cifar-100-python"]
  }

  /// The published archives' names.
  var archives: [String] {
    let stem = self == .cifar10 ? "cifar-10" : "cifar-100"
    return ["binary", "python"].flatMap { ["\(stem)-\($0).tar.gz", "\(stem)-\($0).tar"] }
  }
}
