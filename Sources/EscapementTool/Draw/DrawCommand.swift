import EscapementExperiments
import ArgumentParser
import EscapementArtifacts
import Foundation
import EscapementTraining
import EscapementVerification

/// `escapement draw`: figures of spectra and runs, from files alone.
struct DrawCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "draw", abstract: "Draws spectra and runs as SVG, PNG or PDF, and the same numbers as CSV.",
    discussion: """
      Nothing is computed again: densities come from α and β of `spectrum --json`, courses from the metrics of \
      `train --spectra`. An input may be given as LABEL=FILE; labels go into the legend. Documentation/Figures.md \
      says how each figure is read.

      Example: escapement draw density class9.json --out class9.svg
      """,
    subcommands: [Density.self, Compare.self, Course.self, Dynamics.self, Amplification.self, Extremes.self])

  /// `escapement draw density FILE… --out FILE.svg`.
  struct Density: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Spectral densities on a logarithmic axis, overlaid or one panel each.")

    @OptionGroup var input: SpectrumFiles
    @OptionGroup var axis: EigenvalueAxis
    @OptionGroup var output: FigureOutput
    @Option(help: "overlay, multiples (a panel each); without one, overlay for up to three.") var layout:
      DensityLayout?

    func run() throws {
      let series = try input.series()
      let layout = layout ?? (series.count <= 3 ? .overlay : .multiples)
      let figure = try DensityFigure.draw(
        series, title: output.title ?? "Spectral density of the Hessian",
        layout: layout == .overlay ? .overlay : .multiples, width: axis.kernelWidth, axis: axis.scale)
      try output.write(figure, from: input.inputs.map(\.file))
    }
  }

  /// `escapement draw compare FILE… --out FILE.svg`.
  struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The exact spectrum beside that of the released procedure, a panel a selection.")

    @OptionGroup var input: SpectrumFiles
    @OptionGroup var axis: EigenvalueAxis
    @OptionGroup var output: FigureOutput

    func run() throws {
      let series = try input.series(labeled: false)
      for mode in SpectrumRecord.Mode.allCases where !series.contains(where: { $0.mode == mode }) {
        throw ToolError.usage(
          "draw compare needs spectra of both procedures: none here is of --mode \(mode.rawValue)")
      }
      try output.write(
        DensityFigure.draw(
          series, title: output.title ?? "Exact and released spectra", layout: .compare,
          width: axis.kernelWidth, axis: axis.scale), from: input.inputs.map(\.file))
    }
  }

  /// `escapement draw course RUN… --out FILE.svg`.
  struct Course: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Test accuracies by group, and the training loss, of runs over their epochs.",
      discussion: """
        Runs with one label, such as the seeds of a method, share a style and an entry of the legend.

        Example: escapement draw course SGD=runs/a SGD=runs/b SAM=runs/c --out course.svg
        """)

    @Argument(help: ArgumentHelp("Run directories, or LABEL=RUN.", valueName: "RUN")) var runs: [LabeledPath]
    @OptionGroup var output: FigureOutput

    func run() throws {
      let labels = Set(runs.map { $0.label ?? $0.stem })
      guard labels.count <= CourseFigure.nameLimit else {
        throw ToolError.usage(
          "\(labels.count) names, expected at most \(CourseFigure.nameLimit): give the runs of a method one label "
            + "(SAM=runs/a SAM=runs/b)")
      }
      let courses = try runs.map {
        (name: $0.label ?? $0.stem, run: try RecordedRun(RunDirectory($0.file.directory)))
      }
      let title = output.title ?? "Accuracy and loss along training"
      guard let figure = CourseFigure.draw(courses, among: courses.map(\.run), title: title, width: 720)
      else {
        throw MissingError(
          what: "a finished epoch in \(runs.map(\.file.path).joined(separator: ", "))",
          advice: "draw runs that have ended one")
      }
      try output.write(figure, from: runs.map { FilePath(RunDirectory($0.file.directory).metrics.path) })
    }
  }

  /// `escapement draw dynamics RUN… --out FILE.svg`.
  struct Dynamics: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "λ_min, λ_max, their ratio, loss and gradient norm of classes over the epochs of runs.",
      discussion: """
        A file of `spectrum --checkpoint STEP --out FILE` is a course too, one for each procedure in it.

        Example: escapement draw dynamics SGD=runs/a SAM=runs/b --out dynamics.svg
        """)

    @Argument(
      help: ArgumentHelp("Run directories, files of `spectrum --out`, or LABEL=RUN.", valueName: "RUN"))
    var runs: [LabeledPath]
    @Option(
      help: ArgumentHelp(
        "The classes drawn, separated by commas; up to four, or the first and the last of more, without it.",
        valueName: "list"))
    var classes: String?
    @OptionGroup var output: FigureOutput

    func run() throws {
      let courses = try runs.flatMap { run in
        let name = run.label ?? run.stem
        return run.isDirectory
          ? [try SpectrumDynamics(name: name, run: RunDirectory(run.file.directory))]
          : try SpectrumDynamics.courses(
            name: name, of: SpectrumRecord.read(run.file.url), file: run.file.url.path)
      }
      let measured = Set(courses.flatMap { $0.classes.map(\.label) }).sorted()
      let figure = DynamicsFigure.draw(
        courses, classes: try selected(of: measured),
        title: output.title ?? "Extreme curvature of classes along training")
      try output.write(
        figure,
        from: runs.map { $0.isDirectory ? FilePath(RunDirectory($0.file.directory).metrics.path) : $0.file })
    }

    private func selected(of measured: [Int]) throws -> [Int] {
      guard let classes else {
        guard measured.count > DynamicsFigure.classLimit else { return measured }
        let shown = [measured[0], measured[measured.count - 1]]
        Console.note(
          "drawn: classes \(shown[0]) and \(shown[1]) of \(measured.count); choose with --classes")
        return shown
      }
      let labels = try classes.listed.map { word in
        guard let label = Int(word), measured.contains(label) else {
          throw ToolError.usage(
            "--classes: \(word.prefix(40)) was not measured; there are "
              + measured.map(String.init).joined(separator: ", "))
        }
        return label
      }
      guard (1...DynamicsFigure.classLimit).contains(labels.count), Set(labels).count == labels.count else {
        throw ToolError.usage("--classes: give one to \(DynamicsFigure.classLimit) different classes")
      }
      return labels
    }
  }

  /// `escapement draw amplification [FILE…] --out FILE.svg`.
  struct Amplification: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The factor (1 + ρλ)² over ρ and λ, with measured extremes on it.")

    @Argument(help: ArgumentHelp("Spectra to mark, or LABEL=FILE.", valueName: "FILE")) var paths:
      [LabeledPath] =
        []
    @Option(help: ArgumentHelp("Radii at which to mark them, separated by commas.", valueName: "list"))
    var rho: String?
    @Option(help: ArgumentHelp("The smallest and largest radius drawn.", valueName: "low,high")) var radii =
      "0.01,2"
    @Option(help: "The largest |λ| drawn; from the spectra, or 100, without it.") var reach: Double?
    @Option(help: "‖g‖ of the normalized ascent; without it the ascent is by ρg.") var gradientNorm: Double?
    @Flag(help: "Also take spectra that failed their own checks.") var acceptInvalid = false
    @OptionGroup var output: FigureOutput

    func run() throws {
      let series =
        paths.isEmpty ? [] : try SpectrumFiles.series(paths, labeled: true, acceptingInvalid: acceptInvalid)
      let marked = try rho.map { try Self.numbers($0, option: "--rho") } ?? []
      guard paths.isEmpty == marked.isEmpty else {
        throw ToolError.usage("give spectra and --rho together: a point has a radius and an eigenvalue")
      }
      let range = try Self.numbers(radii, option: "--radii")
      guard range.count == 2, range[0] < range[1] else {
        throw ToolError.usage("--radii is \(radii.prefix(60)), expected a smaller and a larger number")
      }
      let values = series.flatMap { [$0.smallest.value, $0.largest.value] }
      let largest = values.map(\.magnitude).max() ?? 0
      let figure = try AmplificationFigure.draw(
        radii: range[0]...range[1], reach: reach ?? (largest > 0 ? 2 * largest : 100), linear: 1,
        gradientNorm: gradientNorm,
        points: marked.flatMap { radius in
          series.flatMap { one in
            [one.smallest, one.largest].map {
              AmplificationFigure.Point(
                radius: radius, eigenvalue: $0.value, series: "\(one.name), \(one.modeName)")
            }
          }
        }, title: output.title ?? "What the ascent does to the gradient along an eigenvector")
      try output.write(figure, from: paths.map(\.file))
    }

    private static func numbers(_ list: String, option: String) throws -> [Double] {
      try list.listed.map { word in
        guard let value = Double(word), value > 0, value.isFinite else {
          throw ToolError.usage("\(option): \(word.prefix(40)) is no positive number")
        }
        return value
      }
    }
  }

  /// `escapement draw extremes FILE… --out FILE.svg`.
  struct Extremes: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "λ_min of classes, runs and procedures side by side, with its limits.")

    @OptionGroup var input: SpectrumFiles
    @Option(help: "Which end: smallest or largest.") var end = ExtremesFigure.End.smallest
    @Option(
      help: ArgumentHelp(
        "Logarithmic axis of eigenvalues: auto, off, or c > 0 (linear within ±c).", valueName: "auto|off|c"))
    var logX = LogarithmicAxis.automatic
    @OptionGroup var output: FigureOutput

    func run() throws {
      let name = end == .smallest ? "Smallest" : "Largest"
      try output.write(
        ExtremesFigure.draw(
          try input.series(), end: end, title: output.title ?? "\(name) Hessian eigenvalues",
          axis: logX.axis), from: input.inputs.map(\.file))
    }
  }
}

extension ExtremesFigure.End: ExpressibleByArgument {}

/// How `draw density` lays out its curves.
enum DensityLayout: String, ExpressibleByArgument, CaseIterable {
  case overlay, multiples
}
