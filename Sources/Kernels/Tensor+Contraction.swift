import CEscapementKernels

// Contractions by rules 1 to 3 of the numeric contract (Documentation/Numerics.md).
extension Tensor {
  /// The matrix product op(self)·op(other) of two matrices, each optionally transposed.
  public func matmul(_ other: Tensor, transposeSelf: Bool = false, transposeOther: Bool = false) -> Tensor {
    precondition(shape.rank == 2 && other.shape.rank == 2, "matmul of \(shape) and \(other.shape)")
    let (m, k) = transposeSelf ? (shape[1], shape[0]) : (shape[0], shape[1])
    let (depth, n) = transposeOther ? (other.shape[1], other.shape[0]) : (other.shape[0], other.shape[1])
    precondition(k == depth, "matmul of \(shape) and \(other.shape): inner extents \(k) and \(depth)")
    return Tensor(shape: [m, n]) { target in
      withPointer { a in
        other.withPointer { b in
          ek_matmul(
            Element.kernelType, transposeSelf, transposeOther, m, n, k, a, shape[1], b, other.shape[1],
            target, n, false)
        }
      }
    }
  }

  /// The matrix with rows and columns exchanged.
  public func transposed() -> Tensor {
    precondition(shape.rank == 2, "transpose of \(shape)")
    return Tensor(shape: [shape[1], shape[0]]) { target in
      withPointer { ek_transpose(Element.kernelType, shape[0], shape[1], $0, target) }
    }
  }

  /// Images `[n][h][w][c]` mirrored from right to left.
  public func flippedLeftRight() -> Tensor {
    precondition(shape.rank == 4, "a flip of \(shape)")
    return Tensor(shape: shape) { target in
      withPointer { ek_flip(Element.kernelType, shape[0] * shape[1], shape[2], shape[3], $0, target) }
    }
  }

  /// The convolution (cross-correlation) of self `[n][h][w][ci]` with weights `[kh][kw][ci][co]`.
  public func convolved(with weights: Tensor, _ geometry: ConvolutionGeometry) -> Tensor {
    var record = geometry.record(input: shape, weights: weights.shape)
    return Tensor(shape: geometry.outputShape(input: shape, weights: weights.shape)) { target in
      withPointer { x in
        weights.withPointer { w in ek_conv_forward(Element.kernelType, &record, x, w, target, false) }
      }
    }
  }

  /// The adjoint of `convolved` with respect to its input: self is the gradient of the output.
  public func convolutionInputGradient(
    weights: Tensor, inputShape: Shape, _ geometry: ConvolutionGeometry
  ) -> Tensor {
    var record = geometry.record(input: inputShape, weights: weights.shape)
    precondition(
      shape == geometry.outputShape(input: inputShape, weights: weights.shape), "gradient of \(shape)")
    return Tensor(shape: inputShape) { target in
      withPointer { dy in
        weights.withPointer { w in ek_conv_backward_data(Element.kernelType, &record, dy, w, target, false) }
      }
    }
  }

  /// The derivative of `convolved` along a tangent of self and a tangent of the weights: the convolution of `tangent`
  /// with `weights` plus that of self with `weightsTangent`.
  ///
  /// Direct convolutions round that sum separately. Winograd's algorithm computes it as one sum over the channels of
  /// the first convolution, then those of the second.
  public func convolvedTangent(
    _ tangent: Tensor, weights: Tensor, weightsTangent: Tensor, _ geometry: ConvolutionGeometry
  ) -> Tensor {
    var record = geometry.record(input: shape, weights: weights.shape)
    precondition(
      tangent.shape == shape && weightsTangent.shape == weights.shape,
      "tangents of \(tangent.shape) and \(weightsTangent.shape) for \(shape) and \(weights.shape)")
    return Tensor(shape: geometry.outputShape(input: shape, weights: weights.shape)) { target in
      withPointer { x in
        tangent.withPointer { dx in
          weights.withPointer { w in
            weightsTangent.withPointer { dw in
              ek_conv_forward_tangent(Element.kernelType, &record, x, dx, w, dw, target)
            }
          }
        }
      }
    }
  }

  /// The derivative of `convolutionInputGradient` along a tangent of self and a tangent of the weights, as in
  /// `convolvedTangent`.
  public func convolutionInputGradientTangent(
    _ tangent: Tensor, weights: Tensor, weightsTangent: Tensor, inputShape: Shape,
    _ geometry: ConvolutionGeometry
  ) -> Tensor {
    var dx = Tensor(shape: inputShape) { _ in }
    dx.storeInputGradientTangent(
      of: self, tangent, weights: weights, weightsTangent: weightsTangent, geometry, adding: false)
    return dx
  }

  /// self ← self + `dy.convolutionInputGradientTangent(…)`, in place; the sum is rounded separately.
  public mutating func addConvolutionInputGradientTangent(
    of dy: Tensor, _ tangent: Tensor, weights: Tensor, weightsTangent: Tensor, _ geometry: ConvolutionGeometry
  ) {
    storeInputGradientTangent(
      of: dy, tangent, weights: weights, weightsTangent: weightsTangent, geometry, adding: true)
  }

  private mutating func storeInputGradientTangent(
    of dy: Tensor, _ tangent: Tensor, weights: Tensor, weightsTangent: Tensor,
    _ geometry: ConvolutionGeometry, adding: Bool
  ) {
    var record = geometry.record(input: shape, weights: weights.shape)
    precondition(
      dy.shape == geometry.outputShape(input: shape, weights: weights.shape), "gradient of \(dy.shape)")
    precondition(
      tangent.shape == dy.shape && weightsTangent.shape == weights.shape,
      "tangents of \(tangent.shape) and \(weightsTangent.shape) for \(dy.shape) and \(weights.shape)")
    withMutablePointer { target in
      dy.withPointer { dy in
        tangent.withPointer { ddy in
          weights.withPointer { w in
            weightsTangent.withPointer { dw in
              ek_conv_backward_data_tangent(Element.kernelType, &record, dy, ddy, w, dw, target, adding)
            }
          }
        }
      }
    }
  }

  /// self ← self + `dy.convolutionInputGradient(…)` for an input of self's shape, in place; the sum is rounded
  /// separately.
  public mutating func addConvolutionInputGradient(
    of dy: Tensor, weights: Tensor, _ geometry: ConvolutionGeometry
  ) {
    var record = geometry.record(input: shape, weights: weights.shape)
    precondition(
      dy.shape == geometry.outputShape(input: shape, weights: weights.shape), "gradient of \(dy.shape)")
    withMutablePointer { target in
      dy.withPointer { dy in
        weights.withPointer { w in ek_conv_backward_data(Element.kernelType, &record, dy, w, target, true) }
      }
    }
  }

  /// The adjoint of `convolved` with respect to its weights, a contraction over the batch by rule 2: self is the
  /// gradient of the output.
  public func convolutionWeightGradient(
    input: Tensor, weightShape: Shape, _ geometry: ConvolutionGeometry
  ) -> Tensor {
    var record = geometry.record(input: input.shape, weights: weightShape)
    precondition(
      shape == geometry.outputShape(input: input.shape, weights: weightShape), "gradient of \(shape)")
    return Tensor(shape: weightShape) { target in
      withPointer { dy in
        input.withPointer { x in ek_conv_backward_weight(Element.kernelType, &record, x, dy, target) }
      }
    }
  }
}
