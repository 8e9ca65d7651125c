import CEscapementKernels

/// The numeric contract that a result was computed under: the rules from which every bit of it follows.
///
/// The rules are those of `Documentation/Numerics.md`. Results of one contract are compared by their bits; those of two
/// differ by rounding. In text and in files a contract is its number, "2", and where ESCAPEMENT_CONVOLUTION=direct replaced
/// its rule for convolutions, "2 direct". A file that states none was made under contract 1, which knew no other.
public struct NumericContract: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// How convolutions in Float are computed whose shape the contract gives to Winograd's algorithm.
  public enum Convolution: Hashable, Sendable {
    /// By F(4×4, 3×3) of Lavin and Gray 2016.
    case winograd
    /// As a chunked sum over the window, like all others.
    case direct
  }

  /// The number of the rules: 1 computes every convolution directly, 2 some of those in Float by Winograd's algorithm.
  public let number: Int
  /// How those convolutions are computed; under contract 1 directly.
  public let convolution: Convolution

  /// The number of the rules that this package computes by.
  private static let latest = 2

  private init(number: Int, convolution: Convolution) {
    self.number = number
    self.convolution = convolution
  }

  /// The contract of results that state none.
  public static let first = NumericContract(number: 1, convolution: .direct)

  /// The contract in force on the calling thread.
  public static var current: NumericContract {
    NumericContract(
      number: latest, convolution: ek_convolution_current() == EK_CONVOLUTION_DIRECT ? .direct : .winograd)
  }

  /// The contract that a text names; nil for a text that `description` never gives.
  public init?(_ text: String) {
    let words = text.split(separator: " ", omittingEmptySubsequences: false)
    guard let word = words.first, let number = Int(word), number >= 1 else { return nil }
    let isDirect = number == 1 || words.count > 1
    self.init(number: number, convolution: isDirect ? .direct : .winograd)
    guard description == text else { return nil }
  }

  /// "1", "2" or "2 direct".
  public var description: String {
    number > 1 && convolution == .direct ? "\(number) direct" : "\(number)"
  }

  /// What to do to compute under this contract.
  public var instruction: String {
    if number < Self.latest { return "use an older release, one of contract \(number)" }
    if number > Self.latest { return "use a newer release, one of contract \(number)" }
    return convolution == .direct ? "set ESCAPEMENT_CONVOLUTION=direct" : "unset ESCAPEMENT_CONVOLUTION"
  }

  /// Older rules first, and direct convolutions before the contract's own.
  public static func < (a: NumericContract, b: NumericContract) -> Bool {
    if a.number != b.number { return a.number < b.number }
    return a.convolution == .direct && b.convolution == .winograd
  }
}
