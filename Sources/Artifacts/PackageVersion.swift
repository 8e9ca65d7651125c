/// The version of this package, as `escapement --version` prints it and the records of runs state it.
public enum PackageVersion {
  /// A semantic version, with `-dev` between two releases.
  public static let current = "0.1.0"
}
