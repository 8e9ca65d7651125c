import EscapementCurvature
import EscapementExperiments
import EscapementDrawing
import ArgumentParser
import EscapementArtifacts
import Foundation
import EscapementKernels
import EscapementVerification

/// A path with its label in a legend: LABEL=PATH, or a path alone. An empty path is refused, as in `FilePath`.
struct LabeledPath: ExpressibleByArgument {
  static var defaultCompletionKind: CompletionKind { .file() }

  let label: String?
  let file: FilePath

  init?(argument: String) {
    // A path may contain "=": if a file with the whole name exists, it is a path.
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count == 2, !parts[0].isEmpty, !FileManager.default.fileExists(atPath: argument) {
      label = String(parts[0])
    } else {
      label = nil
    }
    guard let file = FilePath(argument: label == nil ? argument : String(parts[1])) else { return nil }
    self.file = file
  }

  /// Whether there is a directory, or nothing: what is missing is reported as a run.
  var isDirectory: Bool {
    var isDirectory: ObjCBool = true
    return !FileManager.default.fileExists(atPath: file.path, isDirectory: &isDirectory)
      || isDirectory.boolValue
  }

  /// The last part of the path without its extension.
  var stem: String { file.url.deletingPathExtension().lastPathComponent }
}

/// Files of `spectrum --json`.
struct SpectrumFiles: ParsableArguments {
  @Argument(help: ArgumentHelp("Files of `spectrum --json`, or LABEL=FILE.", valueName: "FILE"))
  var inputs: [LabeledPath]
  @Flag(help: "Also take spectra that failed their own checks.") var acceptInvalid = false

  /// The spectra, by selection and procedure; `labeled` by file if several files contain the same selection.
  func series(labeled: Bool = true) throws -> [SpectrumSeries] {
    try Self.series(inputs, labeled: labeled, acceptingInvalid: acceptInvalid)
  }

  static func series(
    _ inputs: [LabeledPath], labeled: Bool, acceptingInvalid: Bool
  ) throws -> [SpectrumSeries] {
    let read = try inputs.map {
      try SpectrumRecord.read($0.file.url, acceptingInvalid: acceptingInvalid)
    }
    let contracts = Set(read.joined().map(\.contract)).sorted().map(\.description)
    if contracts.count > 1 {
      Console.note(
        "these spectra were computed under the numeric contracts \(contracts.joined(separator: ", ")): they differ by "
          + "rounding too")
    }
    // A name in two files is distinguished by the files' stems.
    let names = read.map { Set($0.map { $0.data + "/" + $0.mode.rawValue }) }
    let records = inputs.indices.flatMap { index in
      let isShared = inputs.indices.contains {
        $0 != index && inputs[$0].label == nil && !names[$0].isDisjoint(with: names[index])
      }
      let label = inputs[index].label ?? (labeled && isShared ? inputs[index].stem : nil)
      return read[index].map { (label, $0) }
    }
    return SpectrumSeries.grouping(records)
  }
}

/// The axis and the kernel of a density.
struct EigenvalueAxis: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Logarithmic axis of eigenvalues: auto, off, or c > 0 (linear within ±c).", valueName: "auto|off|c"))
  var logX = LogarithmicAxis.automatic
  @Option(
    help: ArgumentHelp(
      """
      Width σ of the Gaussian kernel: auto, a number, a share of the range such as 1%, or released (the papers' code's). \
      auto: 1% of the range, or a quarter of the nearer end's distance from zero where that is less.
      """, valueName: "auto|σ|p%|released"))
  var width = KernelWidth.automatic

  var scale: DensityFigure.Axis { logX.axis }
  var kernelWidth: SpectralDensity.Width { width.width }
}

/// `--log-x`.
struct LogarithmicAxis: ExpressibleByArgument {
  let axis: DensityFigure.Axis

  static let automatic = LogarithmicAxis(axis: .automatic)

  private init(axis: DensityFigure.Axis) { self.axis = axis }

  init?(argument: String) {
    switch argument {
    case "auto": axis = .automatic
    case "off": axis = .linear
    default:
      guard let linear = Double(argument), (1e-100...1e100).contains(linear) else { return nil }
      axis = .symmetric(linear)
    }
  }

  var defaultValueDescription: String { "auto" }
}

/// `--width`.
struct KernelWidth: ExpressibleByArgument {
  let width: SpectralDensity.Width

  static let automatic = KernelWidth(width: .automatic)

  private init(width: SpectralDensity.Width) { self.width = width }

  init?(argument: String) {
    func positive(_ text: some StringProtocol) -> Double? {
      Double(text).flatMap { $0 > 0 && $0.isFinite ? $0 : nil }
    }
    if argument == "auto" {
      width = .automatic
    } else if argument == "released" {
      width = .released
    } else if argument.hasSuffix("%"), let share = positive(argument.dropLast()) {
      width = .relative(share / 100)
    } else if let value = positive(argument) {
      width = .absolute(value)
    } else {
      return nil
    }
  }

  var defaultValueDescription: String { "auto" }
}

/// The output location of a figure.
struct FigureOutput: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      The file: .svg, or .png or .pdf by rsvg-convert, inkscape or chromium where one is installed. A figure that is there \
      is replaced.
      """, valueName: "file"))
  var out: OutputFile
  @Option(help: ArgumentHelp("Also everything drawn, as CSV.", valueName: "file")) var csv: OutputFile?
  @Option(help: "Another title.") var title: String?

  /// Writes the drawing and the table, each atomically, after checking that both locations can be written.
  func write(_ figure: Figure, from sources: [FilePath]) throws {
    try OutputFile.checkDistinct(["--out": out, "--csv": csv])
    let drawing = try FigureFile(out, apartFrom: sources)
    let table = try csv?.checked(as: .addition, apartFrom: sources)
    try drawing.checkReplaceable()
    if let table { try FigureFile.checkReplaceable(table, startingWith: Data(Figure.heading.utf8)) }
    try drawing.write(figure.svg)
    if let table { try OutputFile.write(Data(figure.csv.utf8), to: table) }
  }
}
