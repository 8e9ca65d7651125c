import ArgumentParser

/// `escapement data`: the published data sets.
struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Gets the published data sets.", subcommands: [DataFetchCommand.self])
}
