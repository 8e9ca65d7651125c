/// Rows of text in aligned columns, which fit the width of a layout.
///
/// A table that is too wide has its text broken at blanks, the widest column first, and each line that continues another
/// is indented. Right-aligned cells are numbers and stay whole. If that is not enough, the columns continue in further
/// parts below, each of which begins with the key columns.
package struct TextTable: Sendable {
  /// The heading of each column; empty for a table without a heading.
  package var heading: [String]
  /// The cells, row by row; a cell may have several lines.
  package var rows: [[String]]
  /// The columns with right-aligned cells. Plain decimals have their points below each other.
  package var rightAligned: Set<Int>
  /// The columns with outcomes, which have a color on a terminal.
  package var outcomes: Set<Int>
  /// The number of columns that tell rows apart.
  package var keys: Int

  /// A table; the first column tells rows apart.
  package init(
    heading: [String] = [], rows: [[String]] = [], rightAligned: Set<Int> = [], outcomes: Set<Int> = [],
    keys: Int = 1
  ) {
    (self.heading, self.rows, self.rightAligned, self.outcomes) = (heading, rows, rightAligned, outcomes)
    self.keys = keys
  }

  /// The blanks between two columns.
  private static let gap = 2
  /// The width below which a column of longer text is not narrowed.
  private static let leastTextWidth = 24

  /// The whole table, as wide as it is.
  package var text: String { text(in: .wide) }

  /// The table in a layout, without trailing blanks.
  package func text(in layout: TextLayout) -> String {
    let columns = self.columns
    guard let width = layout.width else { return part(columns, columns.map(\.natural), layout) }
    return parts(of: columns, width: width).map { part in
      self.part(part, Self.widths(of: part, within: width), layout)
    }.joined(separator: "\n\n")
  }

  /// One column with its cells.
  private struct Column {
    let index: Int
    let heading: String
    let cells: [String]
    let isRight: Bool
    /// The width of the longest line.
    let natural: Int
    /// The least width: of whole numbers, and of text that still reads well.
    let least: Int
  }

  private var columns: [Column] {
    let count = max(heading.count, rows.map(\.count).max() ?? 0)
    return (0..<count).map { index in
      let isRight = rightAligned.contains(index)
      let texts = rows.map { index < $0.count ? $0[index] : "" }
      let cells = isRight ? Self.alignedAtPoint(texts) : texts
      let title = index < heading.count ? heading[index] : ""
      let longest = Self.longestLine(cells)
      let natural = max(longest, title.count)
      let words = max(Self.longestWord(cells), Self.longestWord([title]))
      let least =
        isRight
        ? max(longest, Self.longestWord([title]))
        : min(natural, max(words + 2, min(natural, Self.leastTextWidth)))
      return Column(
        index: index, heading: title, cells: cells, isRight: isRight, natural: natural, least: least)
    }
  }

  /// The columns of each part.
  private func parts(of columns: [Column], width: Int) -> [[Column]] {
    func total(_ columns: [Column]) -> Int {
      columns.reduce(0) { $0 + $1.least } + Self.gap * max(0, columns.count - 1)
    }
    guard total(columns) > width, !heading.isEmpty, columns.count > keys else { return [columns] }
    let key = Array(columns.prefix(keys))
    var parts: [[Column]] = []
    var current = key
    for column in columns.dropFirst(keys) {
      if current.count > keys, total(current + [column]) > width {
        parts.append(current)
        current = key
      }
      current.append(column)
    }
    return parts + [current]
  }

  /// The widths within a line: the widest column that can be narrowed gives first.
  private static func widths(of columns: [Column], within width: Int) -> [Int] {
    var widths = columns.map(\.natural)
    var excess = widths.reduce(0, +) + gap * max(0, widths.count - 1) - width
    while excess > 0 {
      let open = widths.indices.filter { widths[$0] > columns[$0].least }
      guard let widest = open.max(by: { widths[$0] < widths[$1] }) else { break }
      widths[widest] -= 1
      excess -= 1
    }
    // Text beside a long key, or with a word longer than the line, is narrower than it reads well.
    if excess > 0, let last = widths.indices.last(where: { !columns[$0].isRight }) {
      widths[last] = max(min(widths[last], leastTextWidth / 2), widths[last] - excess)
    }
    return widths
  }

  /// One part of the table as text.
  private func part(_ columns: [Column], _ widths: [Int], _ layout: TextLayout) -> String {
    var lines: [String] = []
    func add(_ cells: [String], isHeading: Bool) {
      let broken = zip(cells, widths).enumerated().map { place, cell in
        columns[place].isRight && !isHeading
          ? cell.0.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
          : TextLayout.lines(of: cell.0, limit: cell.1, hanging: isHeading ? 0 : 2)
      }
      let height = broken.map(\.count).max() ?? 0
      for row in 0..<height {
        var line = ""
        for (place, column) in columns.enumerated() {
          // The lines of a heading end above the first row.
          let place0 = isHeading ? row - (height - broken[place].count) : row
          let text = broken[place].indices.contains(place0) ? broken[place][place0] : ""
          let blanks = String(repeating: " ", count: max(0, widths[place] - text.count))
          let isTinted = layout.isColored && !isHeading && outcomes.contains(column.index)
          let shown =
            isTinted && !text.isEmpty ? OutcomeTone(cells[place])?.colored(text) ?? text : text
          line += (place == 0 ? "" : String(repeating: " ", count: Self.gap))
          line += column.isRight ? blanks + shown : shown + blanks
        }
        while line.last == " " { line.removeLast() }
        lines.append(line)
      }
    }
    if !heading.isEmpty { add(columns.map(\.heading), isHeading: true) }
    for row in rows.indices { add(columns.map { $0.cells[row] }, isHeading: false) }
    return lines.joined(separator: "\n")
  }

  /// Plain decimals followed by as many blanks as digits are missing behind their point. Other cells stay as they are, and
  /// so do all if one of them is a number in another notation.
  private static func alignedAtPoint(_ cells: [String]) -> [String] {
    let digits = cells.map(decimals)
    let others = zip(cells, digits).filter { $1 == nil }.map(\.0)
    guard let most = digits.compactMap(\.self).max(), most > 0,
      others.allSatisfy({ !$0.contains(where: \.isNumber) })
    else { return cells }
    return zip(cells, digits).map { cell, own in
      guard let own, own < most else { return cell }
      return cell + String(repeating: " ", count: most - own + (own == 0 ? 1 : 0))
    }
  }

  /// The digits behind the point of a plain decimal; nil for any other text.
  private static func decimals(_ cell: String) -> Int? {
    let parts = cell.drop { "-+−".contains($0) }.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count),
      parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { ("0"..."9").contains($0) } })
    else { return nil }
    return parts.count == 2 ? parts[1].count : 0
  }

  private static func longestLine(_ cells: [String]) -> Int {
    cells.flatMap { $0.split(separator: "\n") }.map(\.count).max() ?? 0
  }

  private static func longestWord(_ cells: [String]) -> Int {
    cells.flatMap { $0.split(whereSeparator: \.isWhitespace) }.map(\.count).max() ?? 0
  }
}
