@testable import EscapementGoldens
import CEscapementKernels
import EscapementOptimizers
import EscapementArtifacts
import Foundation
import EscapementLongTail
import EscapementTestSupport
import Testing
import EscapementTraining

@testable import EscapementVerification

/// The goldens of losses, rules and families of presets.
@Suite struct MethodGoldenTests {
  static let data = Result { MiniatureRun.data(of: try LongTailedData.fixture()) }
  static let cases = Result { GoldenCase.methods(on: try LongTailedData.fixture()) }

  /// Every loss by name with every rule by name, but for what is left out with a reason.
  @Test func theGridIsWhole() {
    let pairs = MethodGrid.pairs.map { "\($0.loss)/\($0.optimizer)" }
    #expect(LossChoice.byName.count == 9 && OptimizerChoice.byName.count == 18)
    #expect(pairs.count == 9 * 18 - 8 && Set(pairs).count == pairs.count)
    let reason = MethodGrid.leftOut.map { "\($0.loss)/\($0.optimizer)" }
    let parted = ["imbsam", "imbsam-means", "imbsam-undoubled", "sse-sam", "lpf-sgd", "focal-sam"]
    #expect(reason == ["focal/focal-sam", "ib/focal-sam"] + parted.map { "paco/\($0)" })
    for left in MethodGrid.leftOut {
      let isShared = left.optimizer == "focal-sam"
      let expected = isShared ? "whose samples can be shared out" : "a rule of whole batches"
      #expect(left.reason.contains(expected), "\(left.reason)")
    }
    let all = LossChoice.byName.flatMap { loss in OptimizerChoice.byName.map { "\(loss.name)/\($0.name)" } }
    #expect(Set(pairs).union(reason) == Set(all))
    for pair in MethodGrid.pairs { #expect(pair.recipe.loss.label == pair.loss) }
  }

  /// Whatever presets there are, each is in one family, and the family has a golden in the catalog.
  @Test func everyPresetHasAGolden() throws {
    let paths = Set(try Self.cases.get().map(\.path))
    let families = PresetFamily.all
    #expect(families.flatMap(\.presets).sorted() == Preset.all.map(\.name).sorted())
    for family in families {
      #expect(paths.contains(family.golden), "\(family.name): \(family.golden)")
    }
    func golden(_ preset: String) -> String? { families.first { $0.presets.contains(preset) }?.golden }
    #expect(golden("cifar10-lt100/ldam-drw-sam") == "fixture/ldam/sam")
    #expect(golden("cifar100-lt200/ib-sam") == "fixture/ib/sam")
    #expect(golden("cifar100-lt200/paco-sam") == "fixture/paco/sam")
    #expect(golden("cifar10-lt100/ce") == "fixture/presets/ce")
    #expect(golden("imagenet-lt/ldam-drw-sam") == "fixture/presets/ldam-drw-sam-cosine-rising")
    // A preset of another kind has a family of its own, and with it a golden of its own.
    var recipe = try Recipe.preset("cifar10-lt100/vs")
    recipe.sampling = .resampled
    recipe.preset = "cifar10-lt100/vs-rs"
    let family = PresetFamily.families(of: [Preset(recipe)])[0]
    #expect(family.golden == "fixture/presets/vs-rs" && family.recipe != nil)
  }

  /// What switches in a published run switches within these: rates, radii, weights, loss and stage.
  @Test func everySwitchIsCrossed() throws {
    let data = try Self.data.get()
    #expect(data.counts == [12, 9, 8, 6, 5, 4, 3, 2, 2, 2] && data.test.count == 50)
    let recorded = { (path: String) in
      try GoldenRecord(contentsOf: GoldensOnRecordTests.store.root.appendingPathComponent("\(path).json"))
    }
    func numbers(_ path: String, _ name: String) throws -> [Double] {
      let value = try #require(try recorded(path).values.first { $0.name == name })
      guard case .series(let bits, 8) = value.content else { throw CancellationError() }
      return bits.map { Double(bitPattern: $0) }
    }
    func firstParting(_ a: String, _ b: String) throws -> Int? {
      try zip(numbers(a, "loss"), numbers(b, "loss")).enumerated().first { $1.0 != $1.1 }.map {
        $0.offset + 1
      }
    }
    // Four steps an epoch, the last of five images.
    let rates = try numbers("fixture/ce/sgd", "learning rate")
    #expect(rates.count == 12 && rates[0] == 0.05 && rates[4] == 0.1 && rates[8] == 0.1 * 0.1)
    let radii = try numbers("fixture/presets/ce-drw-sam-cosine-rising", "rho")
    #expect(radii.prefix(4).allSatisfy { $0 < radii[4] })
    #expect(
      try firstParting("fixture/presets/ce", "fixture/ce/sgd") == 5, "weights begin with the second epoch")
    #expect(try numbers("fixture/ib/sgd", "loss")[4] > 10, "so does the influence-balanced loss")
    let looks = try #require(try recorded("fixture/ce/looksam").values.first { $0.name == "evaluations" })
    #expect(looks.content == .text("2 1 1 1 1 2 1 1 1 1 2 1"))
    // A later switch parts from the recorded run one step into the third epoch.
    var stages = try #require(MethodGrid.pairs.first { $0.optimizer == "sse-sam" }).recipe
    guard case .sseSAM(let head, let tail, _, let eta) = stages.optimizer else { throw CancellationError() }
    stages.optimizer = .sseSAM(rhoHead: head, rhoTail: tail, stageFraction: 0.9, eta: eta)
    let later = try GoldenCase.method("later", stages, data).compute()
    let comparison = try #require(
      GoldenComparison(later, provenance: [:], with: recorded("fixture/ce/sse-sam")))
    #expect(comparison.trace?.firstDivergentStep?.step == 9)
  }

  /// A sample; all of them are `escapement golden check fixture`.
  @Test(arguments: [
    "ce/sgd", "ldam/sse-sam", "ib/lpf-sgd", "focal/looksam", "vs/focal-sam", "paco/sam",
    "presets/ldam-drw-sam-cosine-rising",
  ]) func onRecord(name: String) throws {
    let golden = try #require(try Self.cases.get().first { $0.name == name })
    let outcome = try GoldensOnRecordTests.store.check(golden)
    #expect(outcome == .same(count: 37), "\(outcome)")
    guard name == "paco/sam" else { return }
    // Views, keys and queue have the same bits on every vector path, with one thread and with two.
    for isa in ExecutionPath.availableSets where isa != EK_ISA_SCALAR {
      for threads in [1, 2] {
        let path = ExecutionPath(isa: isa, threads: threads)
        let outcome = try path.run { try GoldensOnRecordTests.store.check(golden) }
        #expect(outcome.agrees, "\(path): \(outcome)")
      }
    }
  }

  /// Everything is on record, and small enough to be read.
  @Test func theRecordIsWhole() throws {
    let store = GoldensOnRecordTests.store
    var bytes = 0
    for golden in try Self.cases.get() {
      bytes += try Data(contentsOf: store.url(of: golden)).count
      let record = try GoldenRecord(contentsOf: store.url(of: golden))
      #expect(record.provenance == golden.provenance, "\(golden.path)")
      #expect(record.values.allSatisfy { $0.mode == "exact" })
    }
    #expect(bytes < 2 << 20)
  }
}

/// Numbers in order, one value of a golden.
@Suite struct GoldenSeriesTests {
  static let values: [GoldenValue] = [
    .series("loss", [1.5, 2, .nan]), .series("float", [Float(1), -0.0]), .counts("hits", [3, 0, 1]),
  ]
  static let record = GoldenRecord(reason: "r", provenance: [:], values: values)

  static func difference(_ values: [GoldenValue]) -> GoldenDifference? {
    GoldenComparison(values, provenance: [:], with: record)?.first
  }

  @Test func theFirstNumberThatPartsIsNamed() {
    #expect(Self.difference(Self.values) == nil, "NaN keeps its bits")
    var changed = Self.values
    changed[0] = .series("loss", [1.5, (2.0).nextUp, .nan])
    let difference = Self.difference(changed)
    #expect(difference?.name == "loss, number 2" && difference?.ulps == 1 && difference?.index == 0)
    changed = Self.values
    changed[1] = .series("float", [Float(1), 0])
    #expect(Self.difference(changed)?.name == "float, number 2", "-0 is not +0")
    changed[1] = .series("float", [1.0, -0.0])
    #expect(Self.difference(changed)?.name == "float", "types differ")
    changed = Self.values
    changed[0] = .series("loss", [1.5, 2])
    #expect(Self.difference(changed)?.text.contains("3 numbers from 1.5 on, computed 2 numbers") == true)
    let steps = GoldenComparison(
      [.series("loss", [1.5, 3, .nan])] + Self.values[1...], provenance: [:], with: Self.record)
    #expect(steps?.trace?.firstDivergentStep?.step == 2 && steps?.trace?.first?.rung == .forward)
  }

  @Test func theFileKeepsEveryBit() throws {
    let text = Self.record.json.canonical(pretty: true)
    #expect(text.contains("\"0x3ff8000000000000 1.5\"") && text.contains("\"0x7ff8000000000000 NaN\""))
    #expect(text.contains("\"3 0 1\""))
    let back = try GoldenRecord(json: JSON(parsing: Data(text.utf8), file: "f"), file: "f")
    #expect(back == Self.record)
    for (good, bad) in [
      ("0x3ff8000000000000 1.5", "0x3ff8000000000001 1.5"), ("0x3ff8000000000000 1.5", "1.5"),
      ("0x3f800000 1", "0x3ff0000000000000 1"),
    ] {
      let damaged = text.replacing(good, with: bad)
      #expect(damaged != text)
      #expect(throws: DataError.self, "\(bad)") {
        try GoldenRecord(json: JSON(parsing: Data(damaged.utf8), file: "f"), file: "f")
      }
    }
    for (good, bad) in [
      ("0x7ff8000000000000 NaN", "0x7fc00000 NaN"), ("0x80000000 0", "0xbff0000000000000 -1"),
    ] {
      let mixed = text.replacing(good, with: bad)
      let error = try #require(throws: DataError.self) {
        try GoldenRecord(json: JSON(parsing: Data(mixed.utf8), file: "f"), file: "f")
      }
      #expect(error.description.contains("numbers of two types"))
    }
  }

  /// A case in a folder of its suite has its files there, and the folder's name selects it.
  @Test func foldersOfASuite() throws {
    try GoldenTests.withStore { store in
      var golden = GoldenTests.decay(0.75)
      golden.name = "slow/decay"
      try store.accept(golden, reason: "first")
      #expect(store.receivedURL(of: golden).path.hasSuffix("recurrence/slow/decay.received.json"))
      #expect(try store.check(golden) == .same(count: 33))
      #expect(try store.unreferenced(by: [golden]) == [])
      let cases = [GoldenTests.decay(0.75), golden]
      #expect(try GoldenCatalog.selecting(["recurrence/slow"], from: cases).map(\.name) == ["slow/decay"])
      #expect(try GoldenCatalog.selecting(["recurrence"], from: cases).count == 2)
      let error = try #require(throws: UnknownGolden.self) {
        try GoldenCatalog.selecting(["recurrence/slo"], from: cases)
      }
      #expect(error.description.hasSuffix("there are recurrence/decay, recurrence/slow"))
    }
  }
}
