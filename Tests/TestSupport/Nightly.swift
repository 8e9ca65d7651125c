import Foundation

/// Tests that take too long for every change: they run where ESCAPEMENT_TESTS is "nightly", as `./ci.sh nightly` sets it.
///
/// A test belongs here when a shorter one of the same code runs each time; CONTRIBUTING.md lists them.
public enum Nightly {
  /// Whether they are asked for.
  public static let isAsked = ProcessInfo.processInfo.environment["ESCAPEMENT_TESTS"] == "nightly"

  /// All cases of a test at night, and some of them each time.
  public static func cases<Case>(_ all: [Case], eachTime some: (Case) -> Bool) -> [Case] {
    isAsked ? all : all.filter(some)
  }
}
