import ArgumentParser
import EscapementArtifacts

/// The command line, with one subcommand per verb.
struct Escapement: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "escapement",
    abstract:
      "Re-computes what is claimed about saddle points and sharpness-aware training on long-tailed data.",
    discussion: """
      Start here: `escapement verify` judges the papers' claims in a minute, without data or network. `escapement \
      COMMAND --help` has an example of each command.

      Results go to standard output, everything else to standard error.

      Exit codes: 0 all as expected; 1 a claim or golden differs; 2 inconclusive or nothing selected; \
      64 usage; 65 bad input data; 69 something needed is missing; 70 internal or non-finite; \
      75 interrupted after a valid checkpoint, safe to run again.

      ESCAPEMENT_ISA=scalar|avx2|avx512|neon and ESCAPEMENT_THREADS=N force a path; the bits do not depend on it. \
      ESCAPEMENT_MEMORY=N lets a spectrum keep N GiB between products (1 by default), with the same bits. \
      ESCAPEMENT_CONVOLUTION=direct computes without Winograd's algorithm: other bits, another numeric contract, which \
      records state.
      """,
    version: PackageVersion.current,
    groupedSubcommands: [
      CommandGroup(
        name: "Verify the papers",
        subcommands: [
          VerifyCommand.self, ClaimsCommand.self, EvidenceCommand.self, ReportCommand.self,
        ]),
      CommandGroup(
        name: "Train and measure",
        subcommands: [
          TrainCommand.self, PresetsCommand.self, DataCommand.self, SweepCommand.self, SpectrumCommand.self,
          AmplificationCommand.self, EscapeCommand.self, DrawCommand.self, WeightsCommand.self,
        ]),
      CommandGroup(
        name: "Check an optimizer against regressions",
        subcommands: [
          GoldenCommand.self, DiffCommand.self, LawsCommand.self, VectorsCommand.self, FixturesCommand.self,
        ]),
      CommandGroup(name: "This machine", subcommands: [DoctorCommand.self, BenchCommand.self]),
    ])
}
