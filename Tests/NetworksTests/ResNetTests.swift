import Calculus
import CKernels
import Kernels
import LongTail
import Randomness
import Testing

@testable import Networks

@Suite("ResNet")
struct ResNetTests {
  @Test("parameter counts are those of the published models", arguments: [(10, 464_154), (100, 470_004)])
  func parameterCount(classes: Int, expected: Int) {
    #expect(Network.resNet(depth: 32, classes: classes).layout.count == expected)
  }
}
