import EscapementArtifacts
import Foundation

/// A file of the python version: a pickled dictionary with `data`, an array of bytes [n][3072], and `labels`
/// (CIFAR-10) or `fine_labels` and `coarse_labels` (CIFAR-100).
enum CIFARPickle {
  /// The records of such a file.
  /// - Throws: `DataError` that names the invalid byte or key.
  static func records(_ data: Data, file: String, set: CIFARSet, expected: Int) throws -> CIFARRecords {
    let pickle = try Pickle(data, file: file)
    func fault(_ key: String, _ found: String, _ expected: String) -> DataError {
      DataError(
        file: file, place: "key \(key)", found: found, expected: expected,
        advice: "the file is not \(set.rawValue)'s python version; download it again")
    }
    func labels(_ key: String, below limit: Int) throws -> [Int] {
      guard let index = pickle.value(of: key, in: pickle.root), case .list(let items) = pickle[index],
        items.count == expected
      else { throw fault(key, "no list of \(expected) labels", "one") }
      return try items.enumerated().map { position, item in
        guard case .integer(let label) = pickle[item], label >= 0, label < limit else {
          throw fault(key, "entry \(position) is no label", "an integer from 0 to \(limit - 1)")
        }
        return label
      }
    }
    var records = CIFARRecords()
    switch set {
    case .cifar10: records.labels = try labels("labels", below: 10)
    case .cifar100:
      records.labels = try labels("fine_labels", below: 100)
      records.coarseLabels = try labels("coarse_labels", below: 20)
    }
    guard let index = pickle.value(of: "data", in: pickle.root), let array = NumPyArray(index, in: pickle)
    else { throw fault("data", "no array", "a NumPy array of bytes") }
    guard ["u1", "|u1"].contains(array.element), array.shape == [expected, ImageSet.imageBytes] else {
      throw fault(
        "data", "an array \(array.shape.prefix(4)) of \(array.element)",
        "[\(expected), \(ImageSet.imageBytes)] of u1")
    }
    guard let bytes = pickle.bytes(of: array.contents), bytes.count == expected * ImageSet.imageBytes else {
      throw fault("data", "an array whose bytes are not there", "\(expected * ImageSet.imageBytes) bytes")
    }
    records.images = [UInt8](bytes)
    return records
  }
}

/// A NumPy array as its pickle describes it: a call that makes an empty one, and its state.
private struct NumPyArray {
  let shape: [Int]
  let element: String
  /// The value that contains the elements' bytes.
  let contents: Pickle.Index

  /// The array at an index; nil for other values. The state is (version, shape, dtype, is it in Fortran's order?, bytes),
  /// of which the fourth must be False.
  init?(_ index: Pickle.Index, in pickle: Pickle) {
    guard case .call(let array) = pickle[index], array.function.hasSuffix("._reconstruct"),
      let state = array.state.flatMap({ pickle.members(of: $0) }), state.count == 5,
      case .tuple(let extents) = pickle[state[1]],
      case .call(let dtype) = pickle[state[2]], dtype.function == "numpy.dtype",
      let name = dtype.arguments.first.flatMap({ pickle.bytes(of: $0) }),
      case .bool(false) = pickle[state[3]]
    else { return nil }
    var shape: [Int] = []
    for extent in extents {
      guard case .integer(let number) = pickle[extent], number >= 0 else { return nil }
      shape.append(number)
    }
    self.shape = shape
    // Byte order and alignment, its state, are in the name as far as they are needed.
    element = String(decoding: name.prefix(16), as: UTF8.self)
    contents = state[4]
  }
}
