import CEscapementKernels

/// The numeric contract under which a result was computed: the rules that determine every bit of it.
///
/// The rules are those of `Documentation/Numerics.md`. Results under one contract are compared by their bits; results
/// under different contracts differ by rounding. In text and in files a contract is its number, "2", or "2 direct" if
/// ESCAPEMENT_CONVOLUTION=direct replaced its rule for convolutions. A file that states no contract was made under
/// contract 1, when there was no other.
public struct NumericContract: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// How to compute the Float convolutions whose shape the contract assigns to Winograd's algorithm.
  public enum Convolution: Hashable, Sendable {
    /// By F(4×4, 3×3) of Lavin and Gray 2016.
    case winograd
    /// As a chunked sum over the window, like all other convolutions.
    case direct
  }

  /// The number of the rules. Contract 1 computes every convolution directly; contract 2 computes some Float
  /// convolutions by Winograd's algorithm.
  public let number: Int
  /// How those convolutions are computed; `direct` under contract 1.
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

  /// The contract that a text names; nil for a text that `description` never returns.
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

  /// Older contracts come first; within a number, `direct` comes before the contract's own rule.
  public static func < (a: NumericContract, b: NumericContract) -> Bool {
    if a.number != b.number { return a.number < b.number }
    return a.convolution == .direct && b.convolution == .winograd
  }
}
