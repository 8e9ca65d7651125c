import CEscapementKernels

/// Functions of one element; see `ek_unary` for the edge cases.
public enum UnaryFunction: Sendable, Hashable, CaseIterable {
  case relu, heaviside, exp, log, tanh, squareRoot, reciprocal, negate, square, absolute

  var code: ek_unary {
    switch self {
    case .relu: EK_RELU
    case .heaviside: EK_HEAVISIDE
    case .exp: EK_EXP
    case .log: EK_LOG
    case .tanh: EK_TANH
    case .squareRoot: EK_SQRT
    case .reciprocal: EK_RECIPROCAL
    case .negate: EK_NEGATE
    case .square: EK_SQUARE
    case .absolute: EK_ABS
    }
  }
}

/// Functions of two elements.
public enum BinaryFunction: Sendable, Hashable, CaseIterable {
  case add, subtract, multiply, divide
  /// x where y > 0, NaN where y is NaN, +0 elsewhere: the backward pass of ReLU, with y the pre-activation.
  case mask

  var code: ek_binary {
    switch self {
    case .add: EK_ADD
    case .subtract: EK_SUB
    case .multiply: EK_MUL
    case .divide: EK_DIV
    case .mask: EK_MASK
    }
  }
}

extension Tensor {
  /// Applies `function` to each element.
  public func map(_ function: UnaryFunction) -> Tensor {
    Tensor(shape: shape) { target in
      withPointer { ek_map(Element.kernelType, function.code, count, $0, target) }
    }
  }

  /// Combines elements at equal indices.
  public func zip(_ function: BinaryFunction, _ other: Tensor) -> Tensor {
    precondition(shape == other.shape, "\(function) of \(shape) and \(other.shape)")
    return Tensor(shape: shape) { target in
      withPointer { x in
        other.withPointer { y in ek_zip(Element.kernelType, function.code, count, x, y, target) }
      }
    }
  }

  /// Combines each element with a scalar that is first rounded to the element type.
  public func zip(_ function: BinaryFunction, scalar: Double) -> Tensor {
    Tensor(shape: shape) { target in
      withPointer { ek_zip_scalar(Element.kernelType, function.code, count, $0, scalar, target) }
    }
  }

  /// Combines each row with `vector`, one entry per channel: z[r][c] = x[r][c] ∘ v[c].
  public func zipChannels(_ function: BinaryFunction, _ vector: Tensor) -> Tensor {
    precondition(vector.count == shape.columns, "\(vector.count) channels for \(shape)")
    return Tensor(shape: shape) { target in
      withPointer { x in
        vector.withPointer { v in
          ek_zip_channels(Element.kernelType, function.code, shape.rows, shape.columns, x, v, target)
        }
      }
    }
  }

  /// Combines each row with its own scalar: z[r][c] = x[r][c] ∘ v[r].
  public func zipRows(_ function: BinaryFunction, _ vector: Tensor) -> Tensor {
    precondition(vector.count == shape.rows, "\(vector.count) rows for \(shape)")
    return Tensor(shape: shape) { target in
      withPointer { x in
        vector.withPointer { v in
          ek_zip_rows(Element.kernelType, function.code, shape.rows, shape.columns, x, v, target)
        }
      }
    }
  }

  /// Elementwise sum.
  public static func + (a: Tensor, b: Tensor) -> Tensor { a.zip(.add, b) }
  /// Elementwise difference.
  public static func - (a: Tensor, b: Tensor) -> Tensor { a.zip(.subtract, b) }
  /// Elementwise product.
  public static func * (a: Tensor, b: Tensor) -> Tensor { a.zip(.multiply, b) }
  /// Each element times a scalar rounded to the element type.
  public func scaled(by s: Double) -> Tensor { zip(.multiply, scalar: s) }
}
