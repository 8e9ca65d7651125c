import EscapementArtifacts
import EscapementDrawing
import CEscapementKernels
import Foundation
import Synchronization

/// Standard output for results, standard error for everything else.
///
/// Both may be closed, full or a broken pipe. A line that cannot be written to standard error is lost without a trace.
/// For standard output the first error is kept, and `flush` throws it at the end of the command.
enum Console {
  private static let outputError = Mutex<FileError?>(nil)

  /// Whether standard error is a terminal, on which a progress line is shown.
  static var isTerminal: Bool { Job.leads && isatty(STDERR_FILENO) == 1 }

  /// Writes one line on standard error, after the program's name, from any rank.
  static func error(_ line: String) {
    write("escapement: " + (Job.leads ? "" : "rank \(Job.launched?.rank ?? 0): ") + line)
  }

  /// Writes one line on standard error, only from rank 0.
  static func note(_ line: String) { if Job.leads { write(line) } }

  /// Tells that a file was written; nothing for a device or a descriptor, such as standard output.
  static func wrote(_ file: URL) {
    guard case .file? = try? OutputPlace(of: file.path) else { return }
    note("wrote \(file.relativePath.quotable(limit: 1024))")
  }

  private static func write(_ line: String) { draw(line + "\n") }

  /// Writes a text on standard error as it is.
  static func draw(_ text: String) {
    try? Data(text.utf8).withUnsafeBytes {
      try AtomicFile.writeAll($0, to: STDERR_FILENO, path: "standard error")
    }
  }

  /// Writes a text and `terminator` on standard output.
  static func print(_ text: String, terminator: String = "\n") {
    outputError.withLock { error in
      guard error == nil else { return }
      do {
        try Data((text + terminator).utf8).withUnsafeBytes {
          try AtomicFile.writeAll($0, to: STDOUT_FILENO, path: "standard output")
        }
      } catch let failure as FileError { error = failure } catch {}
    }
  }

  /// Writes a table on standard output.
  static func print(_ table: TextTable, in layout: TextLayout) { print(table.text(in: layout)) }

  /// The layout of results: COLUMNS or the terminal's width, 80 columns where standard output is no terminal, and whole
  /// lines if `wide`. Outcomes have a color only on a terminal, unless NO_COLOR is set (no-color.org) or TERM is "dumb".
  static func layout(wide: Bool) -> TextLayout {
    let environment = ProcessInfo.processInfo.environment
    let isTerminal = isatty(STDOUT_FILENO) == 1
    let isColored =
      isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    let stated = environment["COLUMNS"].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
    return TextLayout(
      width: wide ? nil : stated ?? width(of: STDOUT_FILENO) ?? 80, isColored: isColored)
  }

  /// The columns of the terminal on a descriptor; nil without one.
  static func width(of descriptor: Int32) -> Int? {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 1 else { return nil }
    return Int(size.ws_col)
  }

  /// Opens the descriptors 0 to 2 on /dev/null where they are closed. Otherwise the next file that is opened would get
  /// such a number, and everything that is printed would go into that file.
  static func openStandardDescriptors() {
    for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) == -1 && errno == EBADF {
      let opened = open("/dev/null", number == STDIN_FILENO ? O_RDONLY : O_WRONLY)
      // The lowest free number is this one, because those below are open by now.
      guard opened == number || opened < 0 else {
        dup2(opened, number)
        close(opened)
        continue
      }
    }
  }

  /// Discards standard output.
  static func discardOutput() {
    let nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC)
    guard nowhere >= 0 else { return }
    dup2(nowhere, STDOUT_FILENO)
    close(nowhere)
  }

  /// Writes a JSON document on standard output.
  static func output(_ json: JSON) { Console.print(json.canonical(pretty: true)) }

  /// Makes the process end with one line if there is no memory for a tensor, as for a full disk.
  ///
  /// No data is lost, because files of checkpoints and reports are written atomically.
  static func endOnExhaustedMemory() {
    ek_pool_on_exhaustion { bytes in
      Console.error(
        "no memory for a tensor of \(bytes) bytes; raise the limit (ulimit -v) or take smaller batches")
      _exit(ExitStatus.missing.rawValue)
    }
  }

  /// Throws the error of the first text that could not be written on standard output: a full disk, a closed pipe.
  static func flush() throws {
    if let error = outputError.withLock({ $0 }) { throw error }
  }
}
