import EscapementTestSupport
import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementRandomness
import Testing
import EscapementTraining

@Suite struct KeyQueueTests {
  @Test func startsAsReleasedWithCoordinatesOfUnitLength() {
    let queue = KeyQueue<Double>(capacity: 64, dimensions: 4, classes: 10, seed: 5)
    #expect(queue.keys.shape == [64, 4] && queue.capacity == 64 && queue.position == 0)
    // A sum of 64 squares, a root, a reciprocal and a product each.
    for square in queue.keys.channelDots(queue.keys).elements {
      #expect(abs(square - 1) <= 72 * Double.ulpOfOne)
    }
    let normals = Tensor<Double>.standardNormal(
      seed: 5, purpose: .initialization, index: 1 << 40, shape: [64, 4])
    let ratio = normals[0] / queue.keys[0]
    #expect(abs(normals[4] / queue.keys[4] - ratio) <= 8 * Double.ulpOfOne * abs(ratio))
    #expect(Set(queue.labels) == Set(0..<10))
  }

  @Test func startsWithKeysOfUnitLengthWhereAsked() {
    let queue = KeyQueue<Double>(capacity: 64, dimensions: 4, classes: 10, seed: 5, start: .keys)
    for square in (queue.keys * queue.keys).rowSums().elements {
      #expect(abs(square - 1) <= 12 * Double.ulpOfOne)
    }
  }

  @Test func aSeedDecidesAllAndFloatIsDoubleRounded() {
    let a = KeyQueue<Float>(classes: 100, seed: 1)
    let b = KeyQueue<Float>(classes: 100, seed: 1)
    let other = KeyQueue<Float>(classes: 100, seed: 2)
    let wide = KeyQueue<Double>(classes: 100, seed: 1)
    #expect(a.keys == b.keys && a.labels == b.labels)
    #expect(a.keys != other.keys && a.labels != other.labels)
    #expect(a.keys.shape == [1024, 32] && a.keys == wide.keys.converted(to: Float.self))
  }

  @Test func theOldestBatchLeavesFirst() {
    var queue = KeyQueue<Float>(capacity: 6, dimensions: 2, classes: 3, seed: 0)
    let start = queue
    func batch(_ value: Float) -> Tensor<Float> { Tensor(repeating: value, shape: [2, 2]) }
    queue.enqueue(batch(1), labels: [10, 11])
    #expect(queue.position == 2 && Array(queue.labels[..<2]) == [10, 11])
    #expect(queue.keys.view(at: 0, shape: [2, 2]) == batch(1))
    #expect(queue.keys.view(at: 4, shape: [4, 2]) == start.keys.view(at: 4, shape: [4, 2]))
    #expect(queue.labels[2...] == start.labels[2...])
    queue.enqueue(batch(2), labels: [20, 21])
    queue.enqueue(batch(3), labels: [30, 31])
    #expect(queue.position == 0 && queue.labels == [10, 11, 20, 21, 30, 31])
    queue.enqueue(batch(4), labels: [40, 41])
    #expect(queue.labels == [40, 41, 20, 21, 30, 31] && queue.position == 2)
    #expect(queue.keys.elements == [4, 4, 4, 4, 2, 2, 2, 2, 3, 3, 3, 3])
    // Copies are values.
    #expect(start.position == 0 && start.keys != queue.keys)
  }
}

@Suite struct MomentumEncoderTests {
  @Test func followsByARunningMeanInTheWrittenOrder() throws {
    let start: [Float] = [0.1, -3, 0]
    let query: [Float] = [0.7, 1.9, -5]
    var encoder = try MomentumEncoder(copying: vector(start), statistics: vector([Float]()))
    #expect(encoder.parameters == vector(start) && encoder.momentum == 0.999)
    var expected = start
    for _ in 0..<3 {
      encoder.follow(vector(query))
      expected = expected.indices.map { i in
        let kept: Float = Float(0.999) * expected[i]
        let move: Float = Float(1 - 0.999) * query[i]
        return kept + move
      }
      #expect(encoder.parameters == vector(expected))
    }
  }

  @Test func closesInGeometrically() throws {
    // Binary fractions: exact.
    var encoder = try MomentumEncoder(
      copying: vector([1.0, 0]), statistics: vector([Double]()), momentum: 0.5)
    for _ in 0..<4 { encoder.follow(vector([0.0, 1])) }
    #expect(encoder.parameters == vector([1.0 / 16, 15.0 / 16]))
  }

  @Test(arguments: [-0.1, 1, Double.nan, .infinity])
  func refusesAMomentumOutOfRange(_ momentum: Double) {
    #expect(throws: HyperparameterError.self) {
      try MomentumEncoder(copying: vector([1.0]), statistics: vector([Double]()), momentum: momentum)
    }
  }
}
