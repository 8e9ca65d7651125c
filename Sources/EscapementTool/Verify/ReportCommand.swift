import EscapementExperiments
import ArgumentParser
import EscapementArtifacts
import Foundation
import EscapementTraining
import EscapementVerification

/// `escapement report RUN… --out FILE.html`: a page about runs, computed only from their files.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Writes one HTML file about runs: accuracies, course, curvature, recipes, digests.",
    discussion: """
      Nothing is computed again, and the page needs nothing but itself: no script, no network.

      Example: escapement report runs/a runs/b --out report.html
      """)

  @Argument(help: ArgumentHelp("Run directories or folders of them.", valueName: "RUN")) var runs: [FilePath]
  @OptionGroup var spectra: SpectrumExhibits
  @Option(help: ArgumentHelp("The HTML file; one that is there is replaced.", valueName: "file")) var out:
    OutputFile

  func run() throws {
    let file = try out.checked(apartFrom: spectra.files)
    let archive = try RunArchive(reading: runs.map(\.directory))
    guard !archive.entries.isEmpty else {
      throw MissingError(
        what: "a run in \(runs.map(\.path).joined(separator: ", "))", advice: "give run directories")
    }
    let dynamics = try archive.entries.compactMap { entry -> SpectrumDynamics? in
      guard let run = entry.run, run.hasSpectra else { return nil }
      return try SpectrumDynamics(name: entry.directory.lastPathComponent, run: RunDirectory(entry.directory))
    }
    let report = RunReport(
      archive, dynamics: dynamics,
      exhibits: try ReportExhibits(runs: archive.counted, spectra: try spectra.series()))
    try AtomicFile.write(Data(report.html().utf8), to: file)
    let count = archive.entries.count
    Console.note("\(count) \(count == 1 ? "run" : "runs") reported in \(out)")
  }
}

/// Files of `spectrum --json` for a report.
struct SpectrumExhibits: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Files of `spectrum --json`, or LABEL=FILE, drawn in the report.", valueName: "file"))
  var spectra: [LabeledPath] = []

  /// The files' paths, without labels.
  var files: [FilePath] { spectra.map(\.file) }

  /// The spectra; those that failed their own checks are refused.
  func series() throws -> [SpectrumSeries] {
    spectra.isEmpty ? [] : try SpectrumFiles.series(spectra, labeled: true, acceptingInvalid: false)
  }
}
