import CEscapementKernels
import EscapementArtifacts
import EscapementCalculus
import EscapementKernels
import EscapementNetworks
import EscapementTestSupport
import Foundation
import Testing

@testable import EscapementLongTail
@testable import EscapementTraining

/// Checkpoints that PyTorch wrote (Benchmarks/peers/torch_files.py), and hostile ones.
@Suite struct ForeignWeightsTests {
  static let network: Network = {
    guard let architecture = Architecture(.cifarResNet(depth: 8), width: 2) else {
      preconditionFailure("no such ResNet")
    }
    return architecture.network(classes: 3)
  }()

  static func file(_ name: String) -> URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("TorchFiles")
      .appendingPathComponent(name)
  }

  /// The weights as the script defines them, in PyTorch's arrangement.
  static func expected() throws -> StateDictionary<Float> {
    var tensors = Safetensors()
    for segment in network.layout.segments + network.statisticsLayout.segments {
      let shape = InterchangeLayout.exportedShape(segment)
      let values = (0..<shape.count).map { index -> Float in
        let value = Float((37 * index + segment.name.utf8.count) % 101 - 50) / 64
        return segment.name.hasSuffix("running_var") ? value.magnitude : value
      }
      tensors.tensors[segment.name] = InterchangeLayout.entry(Tensor(values, shape: shape))
    }
    return try StateDictionary(tensors, network: network, file: "made")
  }

  @Test(arguments: [
    ("plain.pth", "PyTorch ZIP archive", "", ""), ("stream.pth", "PyTorch stream", "", ""),
    ("double.pth", "PyTorch ZIP archive", "", ""), ("half.pth", "PyTorch ZIP archive", "", ""),
    ("bfloat16.pth", "PyTorch ZIP archive", "", ""), ("views.pth", "PyTorch ZIP archive", "", ""),
    ("checkpoint.pth.tar", "PyTorch ZIP archive", "state_dict", "module."),
  ])
  func filesOfPyTorch(_ name: String, _ format: String, _ key: String, _ prefix: String) throws {
    let weights = try ForeignWeights<Float>(contentsOf: Self.file(name), network: Self.network)
    #expect(weights.format == format && weights.key == key && weights.prefix == prefix)
    #expect(weights.rounded == 0)
    #expect(try weights.state == Self.expected())
  }

  @Test func safetensorsOfEveryTypeAreRead() throws {
    try inDirectory { folder in
      let url = folder.appendingPathComponent("weights")
      var tensors = try Self.expected().tensors
      tensors.tensors["bn1.num_batches_tracked"] = .init(dtype: .i64, shape: [], data: Data(count: 8))
      let bias = try #require(tensors.tensors["linear.bias"])
      // A number between two floats: F64 is rounded, and counted.
      let wide: [Double] = [0.1, 0.5, -2]
      tensors.tensors["linear.bias"] = .init(
        dtype: .f64, shape: bias.shape, data: wide.withUnsafeBytes { Data($0) })
      try tensors.encoded().write(to: url)
      let weights = try ForeignWeights<Float>(contentsOf: url, network: Self.network)
      #expect(weights.format == "safetensors" && weights.rounded == 1)
      let index = try #require(Self.network.layout.index(of: "linear.bias"))
      #expect(weights.state.parameters[index].elements == [0.1 as Float, 0.5, -2])
    }
  }

  @Test func whatDoesNotFitIsNamed() throws {
    func error(_ name: String, key: String? = nil, prefix: String? = nil, width: Int = 2) throws -> DataError
    {
      let network = try #require(Architecture(.cifarResNet(depth: 8), width: width)).network(classes: 3)
      return try #require(throws: DataError.self) {
        try ForeignWeights<Float>(contentsOf: Self.file(name), network: network, key: key, prefix: prefix)
      }
    }
    let prefix = try error("checkpoint.pth.tar", prefix: "encoder.")
    #expect(
      prefix.place == "encoder.conv1.weight" && prefix.advice?.contains("--prefix") == true, "\(prefix)")
    let key = try error("checkpoint.pth.tar", key: "ema")
    #expect(key.description.contains("state_dict") && key.advice == "correct --key", "\(key)")
    let other = try error("plain.pth", width: 4)
    #expect(other.place == "conv1.weight" && other.found == "F32 of shape 2×3×3×3", "\(other)")
    #expect(throws: MissingError.self) {
      try ForeignWeights<Float>(contentsOf: Self.file("nowhere.pth"), network: Self.network)
    }
  }

  @Test func weightsThatComputeNothingAreNamed() throws {
    for (name, value, found) in [
      ("linear.bias", Float.nan, "finite"), ("conv1.weight", .infinity, "finite"),
      ("bn1.running_mean", -.infinity, "finite"),
      ("layer3.0.bn2.running_var", -0.5, "negative variance"),
    ] {
      var state = try Self.expected()
      try state.check(file: "f")
      func damage(_ vector: inout ParameterVector<Float>) {
        guard let index = vector.layout.index(of: name) else { return }
        let offset = vector.layout.segments[index].offset
        vector.flat.withMutablePointer { $0[offset] = value }
      }
      damage(&state.parameters)
      damage(&state.statistics)
      let error = #expect(throws: UnusableWeights.self) { try state.check(file: "f") }
      #expect(error?.tensor == name && error?.found.contains(found) == true && error?.exitCode == 70)
    }
  }

  /// A file cut at any length, or with any byte changed, is read or refused; it never ends the process.
  @Test(arguments: ["plain.pth", "stream.pth", "checkpoint.pth.tar"])
  func damageIsRefused(_ name: String) throws {
    let whole = try Data(contentsOf: Self.file(name))
    for length in stride(from: 0, to: whole.count, by: 61) {
      #expect(throws: DataError.self, "\(length) bytes") {
        try TorchFile(parsing: whole.prefix(length), file: name)
      }
    }
    for place in stride(from: 0, to: whole.count, by: 13) {
      var damaged = whole
      damaged[place] ^= 0x41
      do { _ = try TorchFile(parsing: damaged, file: name) } catch is DataError {}
    }
    // The archive's bytes are covered by checksums: a weight that changed is refused.
    guard name != "stream.pth" else { return }
    let middle = try #require(whole.range(of: Data("data/0".utf8))?.upperBound) + 100
    var damaged = whole
    damaged[middle] ^= 1
    let error = #expect(throws: DataError.self) { try TorchFile(parsing: damaged, file: name) }
    #expect(error?.found.contains("CRC-32") == true)
  }

  // MARK: Pickles made by hand

  /// A pickle of protocol 2.
  private static func pickle(_ bytes: [UInt8]) -> Data { Data([0x80, 2] + bytes + [0x2E]) }
  private static func text(_ text: String) -> [UInt8] {
    [0x58] + withUnsafeBytes(of: UInt32(text.utf8.count).littleEndian) { Array($0) } + Array(text.utf8)
  }
  private static func name(_ module: String, _ name: String) -> [UInt8] {
    [0x63] + Array("\(module)\n\(name)\n".utf8)
  }
  /// A tensor of a storage of four floats.
  private static func tensor(count: Int = 4, offset: Int, shape: [Int], strides: [Int]) -> [UInt8] {
    func number(_ value: Int) -> [UInt8] {
      [0x8A, 8] + withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
    func tuple(_ values: [Int]) -> [UInt8] { [0x28] + values.flatMap(number) + [0x74] }
    let storage: [UInt8] = text("storage") + name("torch", "FloatStorage") + text("0") + text("cpu")
    let view: [UInt8] = number(offset) + tuple(shape) + tuple(strides) + [0x89, 0x4E]
    return name("torch._utils", "_rebuild_tensor_v2") + [0x28, 0x28] + storage + number(count) + [0x74, 0x51]
      + view + [0x74, 0x52]
  }

  private static func times(_ count: Int, _ bytes: [UInt8]) -> [UInt8] {
    (0..<count).flatMap { _ in bytes }
  }

  /// Nothing is executed: what a pickle would call stands for nothing.
  @Test func callsAreNotMade() throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent(
      "pickle-\(UUID().uuidString)")
    let command = "mkdir \(directory.path)"
    let call = Self.name("os", "system") + [0x28] + Self.text(command) + [0x74, 0x52]
    let pickle = try Pickle(Self.pickle(call), file: "p", dialect: TorchFile.dialect)
    guard case .call(let described) = pickle[pickle.root] else {
      Issue.record("no call")
      return
    }
    #expect(described.function == "os.system" && described.arguments.map { pickle.text(of: $0) } == [command])
    #expect(!FileManager.default.fileExists(atPath: directory.path))
  }

  /// A list in itself, and a million lists in one another.
  @Test func nestingIsHarmless() throws {
    func read(_ bytes: [UInt8]) throws -> Pickle {
      try Pickle(Self.pickle(bytes), file: "p", dialect: TorchFile.dialect)
    }
    let list = try read([0x5D, 0x71, 0, 0x68, 0, 0x61])
    #expect(list[list.root] == .list([list.root]))
    #expect(try read([0x5D] + [UInt8](repeating: 0x85, count: 1_000_000)).values.count == 1_000_001)
    // A dictionary that holds itself is searched once.
    let itself = [0x7D, 0x71, 0] + Self.text("again") + [0x68, 0, 0x73]
    let loop = try read(itself)
    #expect(loop.value(of: "again", in: loop.root) == loop.root)
    let tensor = Self.tensor(offset: 0, shape: [4], strides: [1])
    let entries = [
      ("a/data.pkl", Self.pickle(itself + Self.text("w") + tensor + [0x73])), ("a/data/0", Data(count: 16)),
    ]
    #expect(try TorchFile(parsing: Self.archive(entries), file: "f").groups.map(\.path) == [""])
    // Each call could copy a long list again.
    let pairs: [UInt8] = [0x5D, 0x28] + Self.times(1000, [0x4E, 0x4E, 0x86]) + [0x65]
    let ordered: [UInt8] =
      Self.name("collections", "OrderedDict") + [0x71, 0] + pairs + [0x85, 0x71, 1, 0x52]
    #expect(throws: Never.self) { try read(ordered) }
    // Each name could contain a long text again.
    let long: [UInt8] = Self.text(String(repeating: "m", count: 4000)) + [0x71, 0]
    for (first, again) in [(ordered, [0x68, 0, 0x68, 1, 0x52]), (long, [0x68, 0, 0x68, 0, 0x93])]
      as [([UInt8], [UInt8])]
    {
      let error = #expect(throws: DataError.self) { try read(first + Self.times(1000, again)) }
      #expect(error?.found.contains("copies of more") == true)
    }
  }

  @Test(arguments: [
    [0x2E] as [UInt8], [0x52], [0x74], [0x61], [0x73], [0x75], [0x68, 9], [0x51], [0x93],
    [0x58, 0xff, 0xff, 0xff, 0xff],
    [0x58, 4, 0, 0, 0, 0xff, 0xff, 0xff, 0xff], [0x63, 0x61], [0x8A, 0xff], [0xff],
    [0x8D] + [UInt8](repeating: 0xff, count: 8),
    [0x28, 0x4E, 0x75], [0x87],
  ])
  func brokenPicklesAreRefused(_ bytes: [UInt8]) {
    let error = #expect(throws: DataError.self) {
      try Pickle(Data([0x80, 2] + bytes), file: "p", dialect: TorchFile.dialect)
    }
    #expect(error?.exitCode == 65 && error?.place?.hasPrefix("byte ") == true)
  }

  /// A ZIP archive of stored entries, as torch.save writes it but for the alignment.
  private static func archive(_ entries: [(name: String, data: Data)], method: UInt16 = 0) -> Data {
    func bytes<I: FixedWidthInteger>(_ value: I) -> Data {
      withUnsafeBytes(of: value.littleEndian) { Data($0) }
    }
    var (file, directory) = (Data(), Data())
    for (name, data) in entries {
      var checksum = ~UInt32(0)
      for byte in data {
        checksum ^= UInt32(byte)
        for _ in 0..<8 { checksum = checksum & 1 == 1 ? checksum >> 1 ^ 0xEDB8_8320 : checksum >> 1 }
      }
      let common =
        bytes(UInt16(20)) + bytes(UInt16(0)) + bytes(method) + bytes(UInt32(0)) + bytes(~checksum)
        + bytes(UInt32(data.count)) + bytes(UInt32(data.count)) + bytes(UInt16(name.utf8.count))
        + bytes(UInt16(0))
      directory +=
        bytes(UInt32(0x0201_4b50)) + bytes(UInt16(20)) + common + bytes(UInt16(0)) + bytes(UInt16(0))
        + bytes(UInt16(0)) + bytes(UInt32(0)) + bytes(UInt32(file.count)) + Data(name.utf8)
      file += bytes(UInt32(0x0403_4b50)) + common + Data(name.utf8) + data
    }
    let count = UInt16(entries.count)
    return file + directory + bytes(UInt32(0x0605_4b50)) + bytes(UInt32(0)) + bytes(count) + bytes(count)
      + bytes(UInt32(directory.count)) + bytes(UInt32(file.count)) + bytes(UInt16(0))
  }

  @Test func storagesThatLieAreRefused() throws {
    func read(_ tensor: [UInt8], storage: Int = 16, method: UInt16 = 0, twice: Bool = false) throws
      -> TorchFile
    {
      let dictionary = Self.pickle([0x7D] + Self.text("w") + tensor + [0x73])
      var entries = [("a/data.pkl", dictionary), ("a/data/0", Data(count: storage))]
      if twice { entries.append(entries[1]) }
      return try TorchFile(parsing: Self.archive(entries, method: method), file: "f")
    }
    let group = try #require(read(Self.tensor(offset: 0, shape: [4], strides: [1])).groups.first)
    #expect(group.tensors["w"]?.shape == [4] && group.tensors["w"]?.data.count == 16)
    for (tensor, storage) in [
      (Self.tensor(offset: 1, shape: [4], strides: [1]), 16),
      (Self.tensor(offset: 0, shape: [3], strides: [2]), 16),
      (Self.tensor(offset: 0, shape: [255], strides: [0]), 16),
      (Self.tensor(offset: 0, shape: [4], strides: [1]), 12),
      (Self.tensor(count: 3, offset: 0, shape: [3], strides: [1]), 16),
    ] {
      let error = #expect(throws: DataError.self) { try read(tensor, storage: storage) }
      #expect(error?.exitCode == 65)
    }
    let good = Self.tensor(offset: 0, shape: [4], strides: [1])
    #expect(throws: DataError.self, "compressed") { try read(good, method: 8) }
    #expect(throws: DataError.self, "listed twice") { try read(good, twice: true) }
    // Names are only names.
    let strange = Self.archive([
      ("../../a/data.pkl", Self.pickle([0x7D] + Self.text("w") + good + [0x73])),
      ("../../a/data/0", Data(count: 16)),
    ])
    #expect(try TorchFile(parsing: strange, file: "f").groups.count == 1)
  }

  /// A tensor without elements has nothing of its storage, whatever its offset and other extents.
  @Test(arguments: [(500, [0], [1]), (1 << 62, [0], [1]), (0, [0, 1 << 62, 1 << 62], [0, 0, 0])])
  func emptyTensorsMayLieAnywhere(_ offset: Int, _ shape: [Int], _ strides: [Int]) throws {
    let tensor = Self.tensor(offset: offset, shape: shape, strides: strides)
    let dictionary = Self.pickle([0x7D] + Self.text("w") + tensor + [0x73])
    let file = Self.archive([("a/data.pkl", dictionary), ("a/data/0", Data(count: 16))])
    let read = try #require(TorchFile(parsing: file, file: "f").groups.first?.tensors["w"])
    #expect(read.shape == shape && read.data.isEmpty)
  }

  /// References of a few bytes to one tensor would copy it as often, if it is strided, and a long key likewise.
  @Test func repeatedReferencesAreBounded() throws {
    func read(_ references: Int, columns: Int, rows: Int) throws -> Int? {
      let shape = [columns, rows]
      let tensor = Self.tensor(count: columns * rows, offset: 0, shape: shape, strides: [1, columns])
      var pickle: [UInt8] = [0x7D, 0x4E] + tensor + [0x71, 0, 0x73]
      for index in 0..<references { pickle += Self.text("w\(index)") + [0x68, 0, 0x73] }
      let entries = [("a/data.pkl", Self.pickle(pickle)), ("a/data/0", Data(count: 4 * columns * rows))]
      return try TorchFile(parsing: Self.archive(entries), file: "f").groups.first?.tensors.count
    }
    #expect(try read(6, columns: 64, rows: 64) == 6)
    #expect(try read(200, columns: 4096, rows: 1) == 200)
    let key: [UInt8] = Self.text(String(repeating: "k", count: 4000)) + [0x71, 0]
    let tensor = Self.tensor(offset: 0, shape: [4], strides: [1])
    let keys = Self.pickle(
      [0x7D] + key + tensor + [0x71, 1, 0x73] + Self.times(50, [0x68, 0, 0x68, 1, 0x73]))
    for attempt in [
      { try read(60, columns: 64, rows: 64) },
      {
        try TorchFile(parsing: Self.archive([("data.pkl", keys), ("data/0", Data(count: 16))]), file: "f")
          .groups.count
      },
    ] as [() throws -> Int?] {
      let error = #expect(throws: DataError.self) { try attempt() }
      #expect(error?.found.contains("copies of more") == true && (error?.place?.count ?? 0) <= 200)
    }
  }

  /// Every number of 16 bits, against Swift's own type and the definition of bfloat16.
  @Test func halvesAreWidenedExactly() {
    let all = (0...UInt16.max).map { $0 }
    let wide = [Float](unsafeUninitializedCapacity: all.count) { target, count in
      ek_widen(EK_BINARY16, all.count, all, target.baseAddress!)
      count = all.count
    }
    let upper = [Float](unsafeUninitializedCapacity: all.count) { target, count in
      ek_widen(EK_BFLOAT16, all.count, all, target.baseAddress!)
      count = all.count
    }
    for bits in all {
      let (half, found) = (Float16(bitPattern: bits), wide[Int(bits)])
      #expect(half.isNaN ? found.isNaN : found.bitPattern == Float(half).bitPattern, "\(bits)")
      #expect(upper[Int(bits)].bitPattern == UInt32(bits) << 16, "\(bits)")
    }
  }
}
