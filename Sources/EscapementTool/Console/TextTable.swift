/// Rows of text in aligned columns.
struct TextTable {
  /// The heading of each column; empty for a table without a heading.
  var heading: [String] = []
  /// The cells, row by row.
  var rows: [[String]] = []
  /// The columns with right-aligned cells.
  var rightAligned: Set<Int> = []

  /// One line per row, with columns separated by two blanks and without trailing blanks.
  var text: String {
    let all = (heading.isEmpty ? [] : [heading]) + rows
    var widths: [Int] = []
    for row in all {
      for (column, cell) in row.enumerated() {
        if column == widths.count { widths.append(0) }
        widths[column] = max(widths[column], cell.count)
      }
    }
    return all.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        let blanks = String(repeating: " ", count: widths[column] - cell.count)
        line += (column == 0 ? "" : "  ") + (rightAligned.contains(column) ? blanks + cell : cell + blanks)
      }
      while line.last == " " { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }
}
