import Foundation

/// Tests that take too long for every change. They run if ESCAPEMENT_TESTS is "nightly", as set by `./ci.sh nightly`.
///
/// A test belongs here if a shorter test of the same code runs each time; CONTRIBUTING.md lists them.
public enum Nightly {
  /// Whether nightly tests are requested.
  public static let isAsked = ProcessInfo.processInfo.environment["ESCAPEMENT_TESTS"] == "nightly"

  /// All cases of a test at night, and some of them each time.
  public static func cases<Case>(_ all: [Case], eachTime some: (Case) -> Bool) -> [Case] {
    isAsked ? all : all.filter(some)
  }
}
