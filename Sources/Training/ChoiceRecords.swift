import Artifacts

// What files besides a run's record say of a method, in the words of a recipe.

extension LossChoice {
  /// The name and the constants, as a recipe holds them.
  public var record: JSON { json }
}

extension ClassWeighting {
  /// The weights, their start and divisor, as a recipe holds them.
  public var record: JSON { json }
}

extension RhoSchedule {
  /// The kind and its radii, as a recipe holds them.
  public var record: JSON { json }
}
