import EscapementKernels

extension Tensor {
  /// The rows of a matrix at `positions`, in that order.
  func rows(at positions: [Int]) -> Tensor {
    let width = shape.columns
    precondition(positions.allSatisfy { $0 >= 0 && $0 < shape.rows }, "rows \(positions) of \(shape)")
    return Tensor(shape: [positions.count, width]) { target in
      withPointer { source in
        for (row, position) in positions.enumerated() {
          (target + row * width).update(from: source + position * width, count: width)
        }
      }
    }
  }

  /// The adjoint of `rows(at:)` for distinct positions: the rows of self at their positions among `rows` rows, zeros
  /// elsewhere.
  func placed(at positions: [Int], rows: Int) -> Tensor {
    let width = shape.columns
    precondition(positions.count == shape.rows, "\(positions.count) places for \(shape)")
    precondition(positions.allSatisfy { $0 >= 0 && $0 < rows }, "rows \(positions) of \(rows)")
    var whole = Tensor.zeros([rows, width])
    whole.withMutablePointer { target in
      withPointer { source in
        for (row, position) in positions.enumerated() {
          (target + position * width).update(from: source + row * width, count: width)
        }
      }
    }
    return whole
  }
}
