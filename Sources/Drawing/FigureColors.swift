/// The colors of a figure on a dark page.
///
/// A figure states the colors of a light page as attributes, which every program that shows SVG understands. A style sheet
/// replaces them where the reader's screen is dark; paper keeps the light ones.
package enum FigureColors {
  /// The colors of the light page and what replaces each: paper and ink, grids, the series in the order of
  /// `SeriesStyle.colors`, then the regions of maps, whose order of lightness is reversed.
  private static let pairs: [(light: String, dark: String)] = [
    ("#ffffff", "#1d252d"), ("#1c2733", "#dde4ea"), ("#45515c", "#a9b5c0"), ("#9aa5b0", "#76838f"),
    ("#e3e7eb", "#313c46"), ("#c5cdd5", "#46525d"), ("#8795a3", "#8795a3"), ("#17456e", "#8fc1ee"),
    ("#5b6875", "#93a0ac"),
    ("#0072b2", "#4fa8e0"), ("#d55e00", "#f0863c"), ("#009e73", "#2fc79b"), ("#aa4499", "#dc86cc"),
    ("#000000", "#eef2f5"), ("#b8860b", "#d9b13f"),
    ("#9dc3e2", "#1f3d57"), ("#d8e6f3", "#1c2f40"), ("#fee0b6", "#40301a"), ("#fdb863", "#65441a"),
    ("#e08214", "#8f5514"), ("#b35806", "#bd6a1c"),
    ("#e8f0fa", "#1c2f40"), ("#fdf0c8", "#40381a"), ("#f8d4d0", "#4c2723"),
  ]

  /// The rules of the style sheet, for the figures of a page or for one alone.
  package static let style =
    "@media screen and (prefers-color-scheme:dark){"
    + pairs.map { "[fill=\"\($0.light)\"]{fill:\($0.dark)}[stroke=\"\($0.light)\"]{stroke:\($0.dark)}" }
    .joined()
    + "}"

  /// The element that holds the rules in a figure.
  package static let element = "<style>\(style)</style>"
}
