import EscapementArtifacts
import EscapementLongTail

// Tensors as the pickles of `torch.save` describe them.
extension TorchFile {
  /// The numbers of one or more tensors, outside the pickle.
  struct Storage {
    let type: Safetensors.DType
    let key: String
    let count: Int

    private static let types: [String: Safetensors.DType] = [
      "torch.DoubleStorage": .f64, "torch.FloatStorage": .f32, "torch.HalfStorage": .f16,
      "torch.BFloat16Storage": .bf16, "torch.LongStorage": .i64, "torch.IntStorage": .i32,
      "torch.ShortStorage": .i16, "torch.CharStorage": .i8, "torch.ByteStorage": .u8,
      "torch.BoolStorage": .bool,
    ]

    /// The storage at an index; nil for other values and for types that are not read. A `DataError` for an object outside
    /// the pickle that is no storage.
    ///
    /// Its identity is ('storage', type, key, location, count), in older files with a sixth member for views, which must
    /// be None.
    init?(_ index: Pickle.Index, in pickle: Pickle, place: String) throws {
      guard case .persistent(let identity) = pickle[index] else { return nil }
      func fault(_ found: String, _ expected: String) -> DataError {
        DataError(file: pickle.file, place: place, found: found, expected: expected)
      }
      guard let parts = pickle.members(of: identity), (5...6).contains(parts.count),
        pickle.text(of: parts[0]) == "storage", case .name(let name) = pickle[parts[1]],
        let key = pickle.text(of: parts[2]), case .integer(let count) = pickle[parts[4]], count >= 0
      else {
        throw fault("a persistent id that is no storage", "('storage', type, key, location, count)")
      }
      guard parts.count == 5 || pickle[parts[5]] == .none else {
        throw fault("a view of a storage", "whole storages")
      }
      guard let type = Self.types[name] else { return nil }
      (self.type, self.key, self.count) = (type, key, count)
    }
  }

  /// A tensor: a view of a storage.
  struct View {
    let storage: Storage
    let offset: Int
    let shape: [Int]
    let strides: [Int]

    /// The tensor or parameter at an index; nil for other values, and for tensors of types that are not read. A
    /// `DataError` for a tensor without offset, shape and strides.
    init?(_ index: Pickle.Index, in pickle: Pickle, place: String) throws {
      guard case .call(var call) = pickle[index] else { return nil }
      if call.function == "torch._utils._rebuild_parameter" {
        guard let first = call.arguments.first, case .call(let tensor) = pickle[first] else { return nil }
        call = tensor
      }
      guard ["torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor"].contains(call.function) else {
        return nil
      }
      let parts = call.arguments
      func fault(_ found: String) -> DataError {
        DataError(
          file: pickle.file, place: place, found: found, expected: "storage, offset, shape and strides")
      }
      guard parts.count >= 4 else { throw fault("a tensor of \(parts.count) arguments") }
      guard let storage = try Storage(parts[0], in: pickle, place: place) else { return nil }
      guard case .integer(let offset) = pickle[parts[1]], offset >= 0,
        let shape = Self.extents(parts[2], in: pickle), let strides = Self.extents(parts[3], in: pickle),
        shape.count == strides.count
      else { throw fault("a tensor without offset, shape and strides") }
      (self.storage, self.offset, self.shape, self.strides) = (storage, offset, shape, strides)
    }

    /// At most 64 numbers of at least 0; nil for other values.
    private static func extents(_ index: Pickle.Index, in pickle: Pickle) -> [Int]? {
      guard let members = pickle.members(of: index), members.count <= 64 else { return nil }
      var extents: [Int] = []
      for member in members {
        guard case .integer(let extent) = pickle[member], extent >= 0 else { return nil }
        extents.append(extent)
      }
      return extents
    }
  }
}
