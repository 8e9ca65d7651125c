import EscapementCalculus
import EscapementTesting
import EscapementKernels
import Testing
import EscapementTraining

@Suite struct OracleTests {
  static let layout: ParameterLayout = {
    var layout = ParameterLayout()
    layout.append(name: "w", shape: [2], role: .vector)
    return layout
  }()

  func vector(_ a: Double, _ b: Double) -> ParameterVector<Double> {
    ParameterVector(layout: Self.layout, flat: Tensor([a, b]))
  }

  @Test func partsHaveTheirOwnSpectraAndSlopes() throws {
    var oracle = PartedQuadraticOracle<Double>(
      spectra: [.all: Tensor([2, -4]), .head: Tensor([1, 1])],
      slopes: [.all: Tensor([10, 0.5]), .tail: Tensor([3, 7])], emptyParts: [.shard(index: 1, count: 2)])
    let w = vector(3, 2)
    // ½(2·9 − 4·4) + 10·3 + ½·2 and 2·3 + 10, −4·2 + ½.
    let all = try oracle.evaluate(at: w, on: .all, statistics: .observe)
    #expect(all.loss == 32 && all.gradient == vector(16, -7.5) && all.samples == 2)
    let head = try oracle.evaluate(at: w, on: .head, statistics: .freeze)
    #expect(head.loss == 6.5 && head.gradient == w)
    let tail = try oracle.evaluate(at: w, on: .tail, statistics: .freeze)
    #expect(tail.loss == 23 && tail.gradient == vector(3, 7))
    let shard = try oracle.evaluate(at: w, on: .shard(index: 0, count: 2), statistics: .observe)
    #expect(shard.loss == 32 && shard.gradient == all.gradient)
    let empty = try oracle.evaluate(at: w, on: .shard(index: 1, count: 2), statistics: .observe)
    #expect(empty.loss == 0 && empty.gradient == vector(0, 0) && empty.samples == 0)
    #expect(oracle.queries.map(\.part).count == 5 && oracle.queries[1] == .init(w, .head, .freeze))
  }

  @Test func aRecordingOracleRemembersAndInterferes() throws {
    struct Refusal: Error {}
    var oracle = RecordingOracle(PartedQuadraticOracle<Double>([.all: [1, 1]]))
    let w = vector(3, 2)
    _ = try oracle.evaluate(at: w, on: .all, statistics: .observe)
    oracle.interference = { index, answer in
      if index == 2 { throw Refusal() }
      answer.loss = Double(index)
    }
    let second = try oracle.evaluate(at: w, on: .all, statistics: .freeze)
    #expect(second.loss == 1 && second.gradient == w)
    #expect(throws: Refusal.self) { try oracle.evaluate(at: w, on: .all, statistics: .freeze) }
    #expect(oracle.queries.map(\.answer.loss) == [6.5, 1])
    #expect(oracle.queries.map(\.statistics) == [.observe, .freeze])
    oracle.forget()
    #expect(oracle.queries.isEmpty)
    #expect(try oracle.evaluate(at: w, on: .all, statistics: .observe).loss == 0)
  }
}
