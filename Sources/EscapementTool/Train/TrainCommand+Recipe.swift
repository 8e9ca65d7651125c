import ArgumentParser
import EscapementArtifacts
import EscapementLongTail
import EscapementNetworks
import EscapementTraining

extension TrainCommand {
  /// The preset's recipe with the overrides of the flags.
  func chosenRecipe() throws -> Recipe {
    var recipe = try Recipe.preset(preset ?? "")
    if let epochs { recipe = recipe.lasting(epochs) }
    if let compressTo { recipe = try recipe.compressed(to: compressTo) }
    if let dataset { recipe.data = LongTailedData.canonicalName(dataset) }
    if let network {
      guard let architecture = Architecture(network) else {
        throw ToolError.usage("--network is \"\(network)\", \(Architecture.expected)")
      }
      recipe.architecture = architecture
    }
    if let batchSize { recipe.batchSize = batchSize }
    if let seed { recipe.seed = seed }
    if let schedule { recipe.schedule = schedule.schedule(base: recipe.schedule.base, epochs: recipe.epochs) }
    // -0 and 0 are one rate, and one recipe has one digest.
    if let learningRate { recipe.schedule.base = learningRate == 0 ? 0 : learningRate }
    try changeLoss(of: &recipe)
    try changeOptimizer(of: &recipe)
    try recipe.validate()
    return recipe
  }

  private func changeLoss(of recipe: inout Recipe) throws {
    if let loss {
      recipe.loss = try Self.choice(loss, of: "--loss", in: LossChoice.byName.map { ($0.name, $0.loss) })
      switch recipe.loss {
      // The published start is halfway through the run; a shorter run would never reach the epoch of the published run.
      case .influenceBalanced(let alpha, _):
        recipe.loss = .influenceBalanced(alpha: alpha, start: recipe.epochs / 2)
        recipe.weighting = ClassWeighting(.inverseFrequency, start: recipe.epochs / 2)
      case .parametricContrastive: recipe.weighting = nil
      default: break
      }
    }
    if loss != nil || network != nil {
      guard let network = recipe.architecture.with(recipe.loss.classifier) else {
        throw ToolError.usage(
          "--loss \(recipe.loss.label): no \(recipe.architecture) has a \(recipe.loss.classifier) classifier")
      }
      recipe.architecture = network
    }
    if let weighting {
      let start = recipe.weighting?.start ?? recipe.epochs * 8 / 10
      recipe.sampling = weighting == .rs ? .resampled : .uniform
      switch weighting {
      case .none, .rs: recipe.weighting = nil
      case .drw: recipe.weighting = .deferred(start: start)
      case .rw: recipe.weighting = .deferred(start: 0)
      case .printed: recipe.weighting = .asPrinted(start: start)
      }
    }
    if let drwEpoch {
      guard recipe.weighting != nil else {
        throw ToolError.usage(
          "--drw-epoch: \(recipe.preset) never re-weights; take a preset with drw, or --weighting drw")
      }
      recipe.weighting?.start = drwEpoch
    }
  }

  private func changeOptimizer(of recipe: inout Recipe) throws {
    if let optimizer {
      recipe.optimizer = try Self.choice(
        optimizer, of: "--optimizer", in: OptimizerChoice.byName.map { ($0.name, $0.optimizer) })
    }
    if let rho {
      guard let changed = recipe.optimizer.with(rho: rho) else {
        throw ToolError.usage("--rho: \(optimizer ?? recipe.preset) has no radius; take --optimizer sam")
      }
      recipe.optimizer = changed
    }
    if let eta {
      guard let changed = recipe.optimizer.with(eta: eta) else {
        throw ToolError.usage(
          "--eta: \(optimizer ?? recipe.preset) has no tail; take --optimizer imbsam")
      }
      recipe.optimizer = changed
    }
  }

  private static func choice<Choice>(
    _ name: String, of flag: String, in known: [(name: String, value: Choice)]
  ) throws -> Choice {
    guard let found = known.first(where: { $0.name == name }) else {
      throw UnknownName(flag, name, known: known.map(\.name))
    }
    return found.value
  }
}

extension Recipe {
  /// The 0-based epoch in which the later of class weights and the influence-balanced loss begins; nil without either.
  var lastStart: Int? {
    var starts = weighting.map { [$0.start] } ?? []
    if case .influenceBalanced(_, let start) = loss { starts.append(start) }
    return starts.max()
  }
}

/// Class weights and sampling by name.
enum WeightingName: String, ExpressibleByArgument, CaseIterable {
  case none, drw, rw, printed, rs
}

/// Published schedules of the learning rate by name.
enum ScheduleName: String, ExpressibleByArgument, CaseIterable {
  case released, printed, cosine, ib, paco

  func schedule(base: Double, epochs: Int) -> LearningRateSchedule {
    switch self {
    case .released: .released(base: base)
    case .printed: .asPrinted(base: base)
    case .cosine: .cosine(base: base, epochs: max(epochs, 1))
    case .ib: .influenceBalanced(base: base)
    case .paco: .parametricContrastive(base: base)
    }
  }
}
