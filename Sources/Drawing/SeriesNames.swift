/// The names of the series of a figure. Series of one name, such as the seeds of a method, share a style and an entry of
/// the legend; the table of the figure tells them apart by number.
package struct SeriesNames {
  /// The different names, in the order of their first series.
  package let distinct: [String]
  private let styles: [SeriesStyle]
  private let titles: [String]

  /// Names of series, in order.
  package init(_ names: [String]) {
    var distinct: [String] = []
    var counts: [String: Int] = [:]
    var (styles, titles): ([SeriesStyle], [String]) = ([], [])
    for name in names {
      if counts[name] == nil { distinct.append(name) }
      let number = counts[name, default: 0] + 1
      counts[name] = number
      styles.append(SeriesStyle(distinct.firstIndex(of: name) ?? 0))
      titles.append(number == 1 ? name : "\(name), run \(number)")
    }
    (self.distinct, self.styles, self.titles) = (distinct, styles, titles)
  }

  /// The style of a series by its place.
  package func style(_ index: Int) -> SeriesStyle { styles[index] }

  /// The name of a series in tables: "SAM", and "SAM, run 2" of the second of that name.
  package func title(_ index: Int) -> String { titles[index] }
}
