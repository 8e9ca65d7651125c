import EscapementArtifacts
import Testing

@testable import EscapementVerification

/// The printed numbers against a second transcription: their count and column sums, and the digest of a canonical list.
@Suite struct PublishedTableTests {
  /// Per table and quantity: cells, cells with a number, sum of the numbers and of the "±" in hundredths.
  static let columns:
    [(table: String, quantity: PublishedQuantity, cells: Int, printed: Int, sum: Int, std: Int)] =
      [
        ("poster-results", .accuracy, 16, 16, 96140, 600), ("poster-results", .tail, 16, 16, 67990, 1390),
        ("poster-optimizers", .accuracy, 8, 8, 48250, 0), ("poster-optimizers", .tail, 8, 8, 33490, 0),
        ("supplement-1", .radius, 16, 16, 650, 0),
        ("supplement-2", .accuracy, 8, 8, 40630, 0), ("supplement-2", .head, 8, 8, 49690, 0),
        ("supplement-2", .mid, 8, 8, 38620, 0), ("supplement-2", .tail, 8, 8, 23890, 0),
        ("supplement-3", .accuracy, 16, 12, 98830, 0), ("supplement-3", .head, 16, 12, 110510, 0),
        ("supplement-3", .mid, 16, 12, 95740, 0), ("supplement-3", .tail, 16, 12, 91260, 0),
        ("supplement-4", .accuracy, 16, 12, 59390, 0), ("supplement-4", .head, 16, 12, 76910, 0),
        ("supplement-4", .mid, 16, 12, 60430, 0), ("supplement-4", .tail, 16, 12, 36330, 0),
        ("supplement-5", .accuracy, 8, 7, 31430, 0), ("supplement-5", .tail, 8, 7, 17480, 0),
        ("supplement-text", .accuracyGain, 5, 5, 1820, 0), ("supplement-text", .tailGain, 5, 5, 3850, 0),
        ("supplement-text", .gain, 1, 1, 1270, 0),
        ("sse-sam-readme", .head, 4, 4, 29360, 0), ("sse-sam-readme", .mid, 4, 4, 19360, 0),
        ("sse-sam-readme", .tail, 4, 4, 5820, 0), ("sse-sam-readme", .accuracy, 4, 4, 18800, 0),
        ("imbsam-readme", .head, 3, 3, 23340, 0), ("imbsam-readme", .mid, 3, 3, 14940, 0),
        ("imbsam-readme", .tail, 3, 3, 4530, 0), ("imbsam-readme", .accuracy, 3, 3, 14760, 0),
        ("glmc-readme", .accuracy, 8, 8, 60251, 0), ("saddle-readme", .accuracy, 8, 8, 48810, 0),
      ]

  @Test func columnsHaveTheSumsOfTheOtherTranscription() throws {
    for column in Self.columns {
      let table = try #require(PublishedTable.all.first { $0.id == column.table })
      let cells = table.rows.compactMap { $0.cell(column.quantity) }
      let hundredths = cells.compactMap(\.mean).map { Int(($0 * 100).rounded()) }
      let name = "\(column.table), \(column.quantity.rawValue)"
      #expect(cells.count == column.cells && hundredths.count == column.printed, "\(name)")
      #expect(hundredths.reduce(0, +) == column.sum, "\(name)")
      #expect(
        cells.compactMap(\.std).map { Int(($0 * 100).rounded()) }.reduce(0, +) == column.std, "\(name)")
    }
    let counted = Self.columns.map(\.cells).reduce(0, +)
    #expect(PublishedTable.all.flatMap(\.rows).flatMap(\.cells).count == counted && counted == 295)
  }

  /// A sum forgives two errors that cancel and a swap of rows; a digest over sorted lines with row and column does not. The
  /// figure was computed by hashlib from the other transcription.
  @Test func everyNumberStandsInItsPlace() {
    let lines = PublishedTable.all.flatMap(\.canonicalLines)
    #expect(Set(lines.map { $0.split(separator: "|").dropLast(2).joined(separator: "|") }).count == 295)
    let sorted = lines.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
    #expect(
      Digest(of: sorted.joined(separator: "\n")).hex
        == "684158ba8c9b8ccd7f5760b5c580ad480243cabc99fd4c4191a367a00e71069d")
  }

  @Test func tablesAndRowsAreUnique() {
    #expect(Set(PublishedTable.all.map(\.id)).count == PublishedTable.all.count)
    #expect(Set(PublishedQuantity.allCases.map(\.rawValue)).count == 8)
    for table in PublishedTable.all {
      #expect(Set(table.rows.map { "\($0.data) \($0.method)" }).count == table.rows.count, "\(table.id)")
    }
  }
}
