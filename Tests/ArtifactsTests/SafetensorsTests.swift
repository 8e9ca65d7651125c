import Foundation
import Testing

@testable import EscapementArtifacts

@Suite struct SafetensorsTests {
  static func file(_ header: String, payload: [UInt8] = []) -> Data {
    var data = Data()
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { data.append(contentsOf: $0) }
    data.append(contentsOf: header.utf8)
    data.append(contentsOf: payload)
    return data
  }

  static let sample = Safetensors(
    tensors: [
      "b": .init(dtype: .f32, shape: [3], data: Data(0..<12)),
      "a": .init(dtype: .u8, shape: [2, 2], data: Data(1...4)),
      "é": .init(dtype: .f64, shape: [], data: Data(10..<18)),
      "none": .init(dtype: .i64, shape: [0, 5], data: Data()),
    ], metadata: ["format": "pt"])

  @Test func roundTrip() throws {
    let encoded = Self.sample.encoded()
    let back = try Safetensors(parsing: encoded, file: "t")
    #expect(back == Self.sample)
    #expect(back.encoded() == encoded)
    #expect(encoded[0] % 8 == 0)
  }

  @Test func layoutIsTheDocumentedOne() {
    let tensors = Safetensors(tensors: ["x": .init(dtype: .f32, shape: [1], data: Data([0, 0, 0x80, 0x3F]))])
    let header = #"{"x":{"data_offsets":[0,4],"dtype":"F32","shape":[1]}}"#
    let padded = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    #expect(tensors.encoded() == Self.file(padded, payload: [0, 0, 0x80, 0x3F]))
  }

  @Test func readsATensorOfASlice() throws {
    let shifted = (Data([9, 9, 9]) + Self.sample.encoded()).dropFirst(3)
    #expect(try Safetensors(parsing: shifted, file: "t") == Self.sample)
  }

  @Test(arguments: [
    #"[]"#, #"{"x":1}"#, #"{"x":{}}"#, #"not json"#,
    #"{"x":{"dtype":"F8_E5M2","shape":[4],"data_offsets":[0,8]}}"#,
    #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}"#,
    #"{"x":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#,
    #"{"x":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}"#,
    #"{"x":{"dtype":"F64","shape":[1],"data_offsets":[8,0]}}"#,
    #"{"x":{"dtype":"F64","shape":[1],"data_offsets":[-8,0]}}"#,
    #"{"x":{"dtype":"F64","shape":[1],"data_offsets":[0]}}"#,
    #"{"x":{"dtype":"F64","shape":[2],"data_offsets":[0,16]}}"#,
    #"{"x":{"dtype":"F64","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,8]}}"#,
    #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
    #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
    #"{"x":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"y":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
    #"{"x":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"x":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}"#,
    #"{"x":{"dtype":"F64","shape":[1],"data_offsets":[0,8],"extra":1}}"#,
    #"{"x":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"__metadata__":{"a":1}}"#,
    #"{"x":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"__metadata__":[]}"#,
  ])
  func refusesLyingHeaders(_ header: String) {
    #expect(throws: DataError.self) {
      try Safetensors(parsing: Self.file(header, payload: [0, 0, 0, 0, 0, 0, 0, 0]), file: "t")
    }
  }

  @Test func acceptsWhatTheLyingHeadersVary() throws {
    let header = #"{"x":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"__metadata__":{"a":"b"}}"#
    let read = try Safetensors(parsing: Self.file(header, payload: [0, 0, 0, 0, 0, 0, 0, 0]), file: "t")
    #expect(read.names == ["x"])
    #expect(read.metadata == ["a": "b"])
  }

  @Test func everyTruncationIsRefused() {
    let whole = Self.sample.encoded()
    for length in 0..<whole.count {
      #expect(throws: DataError.self) { try Safetensors(parsing: whole.prefix(length), file: "t") }
    }
    #expect(throws: DataError.self) { try Safetensors(parsing: whole + [0], file: "t") }
  }

  @Test func headerLengthIsBounded() {
    for length in [UInt64.max, 1 << 63, UInt64(Safetensors.headerLimit) + 1, 100] {
      var data = Data()
      withUnsafeBytes(of: length.littleEndian) { data.append(contentsOf: $0) }
      data.append(contentsOf: "{}".utf8)
      #expect(throws: DataError.self) { try Safetensors(parsing: data, file: "t") }
    }
  }
}
