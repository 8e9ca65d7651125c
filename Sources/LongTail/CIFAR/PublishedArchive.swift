import EscapementArtifacts

/// An archive of CIFAR-10 or CIFAR-100 as its authors publish it, with the data that identify it.
///
/// The MD5s are from the data sets' home page, https://www.cs.toronto.edu/~kriz/cifar.html; the SHA-256s and lengths
/// are from public libraries of data sets (Keras, TensorFlow Datasets).
public struct PublishedArchive: Hashable, Sendable {
  /// The data sets of the home page.
  public enum DataSet: String, CaseIterable, Sendable {
    /// 60,000 images of 10 classes.
    case cifar10
    /// 60,000 images of 100 classes.
    case cifar100
  }

  /// How an archive stores its images.
  public enum Layout: String, CaseIterable, Sendable {
    /// Records of label bytes and image bytes.
    case binary
    /// Pickled NumPy arrays.
    case python
  }

  /// The data set.
  public let dataSet: DataSet
  /// The layout.
  public let layout: Layout
  /// The name of the file.
  public let name: String
  /// The length in bytes.
  public let byteCount: Int
  /// Its MD5.
  public let md5: MD5
  /// Its SHA-256.
  public let sha256: Digest

  /// The address at which it is published.
  public var url: String { "https://www.cs.toronto.edu/~kriz/\(name)" }

  /// The archive of a data set in a layout.
  public init(_ dataSet: DataSet, _ layout: Layout) {
    self = Self.all.first { $0.dataSet == dataSet && $0.layout == layout }!
  }

  private init(
    _ dataSet: DataSet, _ layout: Layout, name: String, byteCount: Int, md5: String, sha256: String
  ) {
    (self.dataSet, self.layout, self.name, self.byteCount) = (dataSet, layout, name, byteCount)
    (self.md5, self.sha256) = (MD5(hex: md5)!, Digest(hex: sha256)!)
  }

  /// Every published archive.
  public static let all = [
    PublishedArchive(
      .cifar10, .binary, name: "cifar-10-binary.tar.gz", byteCount: 170_052_171,
      md5: "c32a1d4ab5d03f1284b67883e8d87530",
      sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"),
    PublishedArchive(
      .cifar10, .python, name: "cifar-10-python.tar.gz", byteCount: 170_498_071,
      md5: "c58f30108f718f92721af3b95e74349a",
      sha256: "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"),
    PublishedArchive(
      .cifar100, .binary, name: "cifar-100-binary.tar.gz", byteCount: 168_513_733,
      md5: "03b5dce01913d631647c71ecec9e9cb8",
      sha256: "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"),
    PublishedArchive(
      .cifar100, .python, name: "cifar-100-python.tar.gz", byteCount: 169_001_437,
      md5: "eb9058c3a382ffc7106e4002c42a8d85",
      sha256: "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"),
  ]
}
