import ArgumentParser
import EscapementDrawing

/// How a command lays out its tables.
struct TableOptions: ParsableArguments {
  @Flag(help: "Print whole lines; else tables fit COLUMNS or the terminal, or 80 columns in a pipe.")
  var wide = false

  /// The layout of this terminal or pipe.
  var layout: TextLayout { Console.layout(wide: wide) }
}
