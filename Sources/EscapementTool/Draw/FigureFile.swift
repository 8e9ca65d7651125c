import EscapementArtifacts
import Foundation

/// A file that a figure is written into: SVG, or PNG or PDF by a converter that is installed.
struct FigureFile {
  /// The format, from the end of the file's name; without one it is SVG.
  enum Format: String, CaseIterable {
    case svg, png, pdf

    /// The bytes with which a file of the format begins.
    var mark: Data {
      switch self {
      case .svg: Data("<svg ".utf8)
      case .png: Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
      case .pdf: Data("%PDF-".utf8)
      }
    }
  }

  /// The file.
  let url: URL
  private let format: Format
  private let converter: FigureConverter?

  /// A file on the command line, after the checks of `OutputGuard`. Throws a usage error for the name of another format,
  /// and a `MissingError` if no converter is installed. Call it before the computation.
  init(_ file: OutputFile, as role: OutputFile.Role = .result, apartFrom inputs: [FilePath?] = []) throws {
    url = try file.checked(as: role, apartFrom: inputs)
    let ending = url.pathExtension.lowercased()
    guard let format = ending.isEmpty ? .svg : Format(rawValue: ending) else {
      throw ToolError.usage(
        "\(file.path.quotable(limit: 1024)): a figure is written as .svg, .png or .pdf, not as "
          + ".\(ending.quotable())")
    }
    self.format = format
    converter = format == .svg ? nil : FigureConverter.installed(ProcessInfo.processInfo.environment)
    if format != .svg, converter == nil {
      throw MissingError(
        what: "a program that makes a \(format.rawValue.uppercased()) of an SVG file ("
          + FigureConverter.Program.allCases.map(\.rawValue).joined(separator: ", ") + ")",
        advice: "install one (apt-get install librsvg2-bin), or write "
          + "\(url.deletingPathExtension().lastPathComponent).svg")
    }
  }

  /// An existing file may only be replaced if it is of the format, so that other files are not lost.
  func checkReplaceable() throws { try Self.checkReplaceable(url, startingWith: format.mark) }

  /// Writes the drawing and tells so.
  func write(_ svg: String) throws {
    let drawing = Data(svg.utf8)
    try OutputFile.write(converter?.convert(drawing, to: format) ?? drawing, to: url)
  }

  /// An existing file may only be replaced if it begins with `mark`.
  static func checkReplaceable(_ url: URL, startingWith mark: Data) throws {
    guard case .file(_, _?) = try OutputPlace(of: url.path) else { return }
    guard try FileContents.read(url, limit: 1 << 30).starts(with: mark) else {
      throw DataError(
        file: url.path, found: "a file that no figure is in", expected: "no file, or an older figure",
        advice: "choose another name or remove it")
    }
  }
}

/// A program that makes a PNG or PDF file of an SVG file.
struct FigureConverter {
  /// The programs, the first installed one is taken.
  enum Program: String, CaseIterable {
    case rsvg = "rsvg-convert"
    case inkscape
    case chromium
    case chrome = "google-chrome"
  }

  private let program: Program
  private let executable: URL

  /// The first of the programs in the directories of PATH; nil if none is there.
  static func installed(_ environment: [String: String]) -> FigureConverter? {
    let folders = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
    for program in Program.allCases {
      for folder in folders {
        let file = URL(fileURLWithPath: folder).appendingPathComponent(program.rawValue)
        if access(file.path, X_OK) == 0 { return FigureConverter(program: program, executable: file) }
      }
    }
    return nil
  }

  /// The drawing in another format. Pixels are twice as fine as the drawing's. Throws a `MissingError` with the program's
  /// own words if it fails.
  func convert(_ svg: Data, to format: FigureFile.Format) throws -> Data {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "escapement-figure-\(getpid())", isDirectory: true)
    try Directories.make(folder)
    defer { try? FileManager.default.removeItem(at: folder) }
    let input = folder.appendingPathComponent(isBrowser ? "figure.html" : "figure.svg")
    let output = folder.appendingPathComponent("figure.\(format.rawValue)")
    try AtomicFile.write(isBrowser ? Self.page(svg) : svg, to: input)
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments(from: input, to: output, as: format, size: Self.size(of: svg))
    let errors = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = errors
    do { try process.run() } catch { throw FileError(operation: "run", path: executable.path, code: ENOEXEC) }
    let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let result = try? FileContents.read(output, limit: 1 << 30)
    guard process.terminationStatus == 0, let result, result.starts(with: format.mark) else {
      throw MissingError(
        what: "a \(format.rawValue.uppercased()) file from \(executable.path) (exit code "
          + "\(process.terminationStatus))",
        advice: said.isEmpty ? "write .svg instead" : said.quotable(limit: 300))
    }
    return result
  }

  private var isBrowser: Bool { program == .chromium || program == .chrome }

  private func arguments(
    from input: URL, to output: URL, as format: FigureFile.Format, size: (width: Int, height: Int)
  ) -> [String] {
    switch program {
    case .rsvg:
      let zoom = format == .png ? 2 : 1
      return ["--format=\(format.rawValue)", "--zoom=\(zoom)", "--output", output.path, input.path]
    case .inkscape:
      return [
        "--export-type=\(format.rawValue)", "--export-filename=\(output.path)", "--export-dpi=192",
        input.path,
      ]
    case .chromium, .chrome:
      let target =
        format == .png
        ? ["--screenshot=\(output.path)", "--force-device-scale-factor=2"]
        : ["--print-to-pdf=\(output.path)", "--no-pdf-header-footer"]
      return ["--headless", "--disable-gpu", "--window-size=\(size.width),\(size.height)"] + target
        // A browser refuses its sandbox to root; the page is this program's own drawing.
        + (geteuid() == 0 ? ["--no-sandbox"] : []) + [input.absoluteString]
    }
  }

  /// The drawing on a page of its own size.
  private static func page(_ svg: Data) -> Data {
    let (width, height) = size(of: svg)
    let style = "@page{size:\(width)px \(height)px;margin:0}body{margin:0}svg{display:block}"
    return Data("<!DOCTYPE html><meta charset=\"utf-8\"><style>\(style)</style>".utf8) + svg
  }

  /// The extents that a figure states, in whole pixels.
  private static func size(of svg: Data) -> (width: Int, height: Int) {
    let head = String(decoding: svg.prefix(400), as: UTF8.self)
    func number(_ name: String) -> Int {
      let rest = head.components(separatedBy: " \(name)=\"").dropFirst().first ?? ""
      return Int((Double(rest.prefix { $0 != "\"" }) ?? 1000).rounded(.up))
    }
    return (number("width"), number("height"))
  }
}
