import EscapementExperiments
import EscapementDrawing
import EscapementTraining

/// The figures that a report shows in addition to verdicts: accuracies of runs, and spectra.
package struct ReportExhibits: Sendable {
  /// Accuracies of finished runs compared with the papers'.
  let accuracies: [Figure]
  /// Spectra from records.
  let spectra: [Figure]

  /// No figures.
  package static let none = ReportExhibits(accuracies: [], spectra: [])

  private init(accuracies: [Figure], spectra: [Figure]) {
    (self.accuracies, self.spectra) = (accuracies, spectra)
  }

  /// Draws runs that count as evidence, and spectra. Throws `TridiagonalEigenError` for a spectrum without a density.
  package init(runs: [RecordedRun], spectra series: [SpectrumSeries]) throws {
    accuracies = AccuracyFigure.all(runs)
    spectra = try Self.figures(of: series)
  }

  /// The density of each series, and the ends of all side by side if there are several.
  static func figures(of series: [SpectrumSeries]) throws -> [Figure] {
    guard !series.isEmpty else { return [] }
    let densities = try DensityFigure.drawEach(
      series, title: "Spectral density of the Hessian", layout: series.count <= 3 ? .overlay : .multiples)
    guard series.count > 1 else { return densities }
    return densities + [
      ExtremesFigure.draw(series, end: .smallest, title: "Smallest Hessian eigenvalues", width: 360)
    ]
  }

  /// Adds the section of spectra; without spectra, adds nothing.
  func addSpectra(to page: inout ReportPage) {
    guard !spectra.isEmpty else { return }
    page.add("<h2>Spectra</h2>")
    page.add(spectra)
  }
}
