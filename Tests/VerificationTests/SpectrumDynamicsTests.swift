@testable import EscapementExperiments
import EscapementArtifacts
import Foundation
import Testing

@testable import EscapementVerification

/// Courses of spectra out of metrics, also damaged ones.
@Suite struct SpectrumDynamicsTests {
  static func line(epoch: Int, _ label: Int, smallest: String = "-2.5", loss: String = "0.5") -> String {
    """
    {"event":"spectrum","epoch":\(epoch),"classes":[{"class":\(label),"smallest":\(smallest),"largest":10.0,\
    "samples":50,"steps":40,"ratio":0.25,"loss":\(loss),"gradient_norm":3.0,"other":[]}]}
    """
  }

  @Test func pointsComeByClassAndEpochAndTheLastOfARepeatedEpochCounts() throws {
    let text = [
      Self.line(epoch: 0, 9), "{\"event\":\"step\",\"note\":\"spectrum\"}", Self.line(epoch: 0, 2),
      Self.line(epoch: 4, 9), Self.line(epoch: 4, 9, smallest: "-7"), "",
    ].joined(separator: "\n")
    let classes = try SpectrumDynamics.classes(inMetrics: text, file: "m")
    #expect(classes.map(\.label) == [2, 9] && classes[1].points.map(\.epoch) == [1, 5])
    let point = classes[1].points[1]
    #expect(point.smallest == -7 && point.largest == 10 && point.ratio == 0.25)
    #expect(point.loss == 0.5 && point.gradientNorm == 3)
  }

  /// The bound itself is a number that is read; the loss over all classes has no course.
  @Test func theLargestNumbersAreRead() throws {
    let limit = "-\(SpectrumRecord.magnitudeLimit)"
    let overall = Self.line(epoch: 0, 7).replacingOccurrences(of: "\"class\":7", with: "\"class\":null")
    let text = [Self.line(epoch: 0, 3, smallest: limit), overall].joined(separator: "\n")
    let classes = try SpectrumDynamics.classes(inMetrics: text, file: "m")
    #expect(classes.map(\.label) == [3])
    #expect(classes[0].points.map(\.smallest) == [-SpectrumRecord.magnitudeLimit])
  }

  @Test(arguments: [
    "", "{\"event\":\"step\"}", "{\"event\":\"spectrum\"}", line(epoch: -1, 0), line(epoch: 0, -2),
    line(epoch: 0, 1, smallest: "\"nan\""), line(epoch: 0, 1, loss: "1e200"),
    line(epoch: 0, 1, smallest: "null"), "{\"event\":\"spectrum\",",
    "{\"event\":\"spectrum\",\"epoch\":0,\"classes\":{}}",
  ]) func damagedMetricsAreRefused(_ text: String) {
    let error = #expect(throws: DataError.self) { try SpectrumDynamics.classes(inMetrics: text, file: "m") }
    #expect(error?.file.hasPrefix("m") == true)
  }
}
