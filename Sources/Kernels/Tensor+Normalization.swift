import CEscapementKernels

/// The four per-channel vectors of a batch norm at one point: u = (x − mean)·inverse, y = u·gain + shift.
public struct ChannelVectors<Element: Real>: Sendable {
  let mean: Tensor<Element>
  let inverse: Tensor<Element>
  let gain: Tensor<Element>
  let shift: Tensor<Element>

  /// Four vectors of equal length.
  public init(mean: Tensor<Element>, inverse: Tensor<Element>, gain: Tensor<Element>, shift: Tensor<Element>)
  {
    precondition(
      mean.count == inverse.count && mean.count == gain.count && mean.count == shift.count,
      "vectors of \(mean.count), \(inverse.count), \(gain.count) and \(shift.count) channels")
    self.mean = mean
    self.inverse = inverse
    self.gain = gain
    self.shift = shift
  }

  fileprivate func withRecord<R>(_ body: (inout ek_normalization) -> R) -> R {
    mean.withPointer { mean in
      inverse.withPointer { inverse in
        gain.withPointer { gain in
          shift.withPointer { shift in
            var record = ek_normalization(mean: mean, inverse: inverse, gain: gain, shift: shift)
            return body(&record)
          }
        }
      }
    }
  }
}

/// How a backward pass determines which outputs of a batch norm a ReLU passed.
public enum Rectifier<V: Sendable>: Sendable {
  /// There was no ReLU.
  case linear
  /// The outputs where this tensor is positive.
  case output(V)
  /// The outputs where the affine map is positive, which is computed again. For outputs without a residual.
  case recomputed

  /// The same case with another representation of the output.
  public func map<W>(_ transform: (V) -> W) -> Rectifier<W> {
    switch self {
    case .linear: .linear
    case .output(let y): .output(transform(y))
    case .recomputed: .recomputed
    }
  }
}

extension Rectifier {
  fileprivate var code: ek_rectifier {
    switch self {
    case .linear: EK_LINEAR
    case .output: EK_RECTIFIED_OUTPUT
    case .recomputed: EK_RECTIFIED_RECOMPUTED
    }
  }
  fileprivate var output: V? { if case .output(let y) = self { y } else { nil } }
}

extension Optional {
  /// Calls `body` with a pointer to the tensor's elements, or with nil.
  fileprivate func withPointer<E: Real, R>(_ body: (UnsafePointer<E>?) -> R) -> R where Wrapped == Tensor<E> {
    guard let self else { return body(nil) }
    return self.withPointer { body($0) }
  }
}

// Fused batch normalization: the same bits as the elementwise definition, in one pass over memory.
extension Tensor {
  /// relu(((x − mean)·inverse)·gain + shift + residual); residual and ReLU are optional.
  public func normalized(by vectors: ChannelVectors<Element>, plus residual: Tensor?, rectified: Bool)
    -> Tensor
  {
    precondition(vectors.mean.count == shape.columns, "\(vectors.mean.count) channels for \(shape)")
    precondition(residual.map { $0.shape == shape } ?? true, "a residual of another shape than \(shape)")
    return Tensor(shape: shape) { target in
      withPointer { x in
        residual.withPointer { r in
          vectors.withRecord {
            ek_normalize(Element.kernelType, shape.rows, shape.columns, x, &$0, r, rectified, target)
          }
        }
      }
    }
  }

  /// `normalized` and its tangent along tangents of self, gain, shift and residual, in one pass; mean and inverse are
  /// constant.
  public func normalizedDual(
    by vectors: ChannelVectors<Element>, input: Tensor, gain: Tensor, shift: Tensor,
    plus residual: (value: Tensor, tangent: Tensor)?, rectified: Bool
  ) -> (value: Tensor, tangent: Tensor) {
    precondition(input.shape == shape && gain.count == shape.columns && shift.count == shape.columns)
    precondition(
      residual.map { $0.value.shape == shape && $0.tangent.shape == shape } ?? true,
      "a residual of another shape than \(shape)")
    var tangent = Tensor(shape: shape) { _ in }
    let value = Tensor(shape: shape) { target in
      tangent.withMutablePointer { tangentTarget in
        withPointer { x in
          input.withPointer { dx in
            gain.withPointer { gain in
              shift.withPointer { shift in
                (residual?.value).withPointer { r in
                  (residual?.tangent).withPointer { dr in
                    vectors.withRecord {
                      ek_normalize_dual(
                        Element.kernelType, self.shape.rows, self.shape.columns, x, dx, &$0, gain, shift, r,
                        dr,
                        rectified, target, tangentTarget)
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
    return (value, tangent)
  }

  /// The results of one pass over a batch norm's output gradient; tensors that were not requested are nil.
  public struct NormalizationPass: Sendable {
    /// The gradient with respect to the ReLU's input, m, and its tangent.
    public var masked: Tensor?
    /// See `masked`.
    public var maskedTangent: Tensor?
    /// Σ m per channel (with tangents Σ ṁ).
    public var sums: Tensor<Double>
    /// Σ m·u per channel (with tangents Σ ṁ·u).
    public var dots: Tensor<Double>
    /// With tangents Σ m·u̇ per channel.
    public var cross: Tensor<Double>?
    /// m·scale, and with tangents ṁ·scale + m·scalė.
    public var input: Tensor?
    /// See `input`.
    public var inputTangent: Tensor?

    /// A pass without tangents whose sums were computed elsewhere.
    public init(masked: Tensor?, sums: Tensor<Double>, dots: Tensor<Double>) {
      self.init(masked: masked, maskedTangent: nil, sums: sums, dots: dots, cross: nil, input: nil)
    }

    fileprivate init(
      masked: Tensor?, maskedTangent: Tensor?, sums: Tensor<Double>, dots: Tensor<Double>,
      cross: Tensor<Double>?, input: Tensor?, inputTangent: Tensor? = nil
    ) {
      self.masked = masked
      self.maskedTangent = maskedTangent
      self.sums = sums
      self.dots = dots
      self.cross = cross
      self.input = input
      self.inputTangent = inputTangent
    }
  }

  /// One backward pass through a batch norm and its ReLU. Self is the output's gradient; `input` was the norm's input.
  ///
  /// `scale` requests the input's gradient for constant mean and inverse. `tangents` holds those of self, the input and
  /// (with `scale`) the scale.
  public func normalizationPass(
    by vectors: ChannelVectors<Element>, input: Tensor, _ rectifier: Rectifier<Tensor>, scale: Tensor?,
    tangents: (gradient: Tensor, input: Tensor, scale: Tensor?)? = nil, keepingMasked: Bool
  ) -> NormalizationPass {
    precondition(input.shape == shape && vectors.mean.count == shape.columns)
    let empty: () -> Tensor = { Tensor(shape: shape) { _ in } }
    var masked = keepingMasked ? empty() : nil
    var maskedTangent = keepingMasked && tangents != nil ? empty() : nil
    var dx = scale == nil ? nil : empty()
    var dxTangent = scale == nil || tangents == nil ? nil : empty()
    let channels = [shape.columns] as Shape
    var sums = Tensor<Double>(shape: channels) { _ in }
    var dots = Tensor<Double>(shape: channels) { _ in }
    var cross = tangents == nil ? nil : Tensor<Double>(shape: channels) { _ in }
    var pass = ek_normalize_pass()
    pass.rectifier = rectifier.code
    // Only this function owns the outputs, so their pointers stay valid until the end of its scope.
    pass.masked = masked?.rawMutablePointer()
    pass.masked_tangent = maskedTangent?.rawMutablePointer()
    pass.dx = dx?.rawMutablePointer()
    pass.dx_tangent = dxTangent?.rawMutablePointer()
    pass.sums = sums.withMutablePointer { $0 }
    pass.dots = dots.withMutablePointer { $0 }
    pass.cross = cross?.withMutablePointer { $0 }
    withExtendedLifetime((masked, maskedTangent, dx, dxTangent, sums, dots, cross)) {
      withPointer { g in
        input.withPointer { x in
          rectifier.output.withPointer { y in
            scale.withPointer { scale in
              (tangents?.gradient).withPointer { gradient in
                (tangents?.input).withPointer { inputTangent in
                  (tangents?.scale).withPointer { scaleTangent in
                    pass.g = UnsafeRawPointer(g)
                    pass.x = UnsafeRawPointer(x)
                    pass.y = y.map { UnsafeRawPointer($0) }
                    pass.scale = scale.map { UnsafeRawPointer($0) }
                    pass.g_tangent = gradient.map { UnsafeRawPointer($0) }
                    pass.x_tangent = inputTangent.map { UnsafeRawPointer($0) }
                    pass.scale_tangent = scaleTangent.map { UnsafeRawPointer($0) }
                    vectors.withRecord {
                      ek_normalize_gradient(
                        Element.kernelType, shape[0], shape.pixels, shape.columns, &$0, &pass)
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
    return NormalizationPass(
      masked: masked, maskedTangent: maskedTangent, sums: sums, dots: dots, cross: cross, input: dx,
      inputTangent: dxTangent)
  }

  /// ((m − along1) − u·alongOutput)·scale: the input's gradient where mean and inverse depend on the input.
  public func normalizationInputGradient(
    by vectors: ChannelVectors<Element>, input: Tensor, _ rectifier: Rectifier<Tensor>, along1: Tensor,
    alongOutput: Tensor, scale: Tensor
  ) -> Tensor {
    precondition(input.shape == shape && vectors.mean.count == shape.columns)
    return Tensor(shape: shape) { target in
      withPointer { g in
        input.withPointer { x in
          rectifier.output.withPointer { y in
            along1.withPointer { along1 in
              alongOutput.withPointer { alongOutput in
                scale.withPointer { scale in
                  vectors.withRecord {
                    ek_normalize_gradient_input(
                      Element.kernelType, shape.rows, shape.columns, g, rectifier.code, x, y, &$0, along1,
                      alongOutput, scale, target)
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  private mutating func rawMutablePointer() -> UnsafeMutableRawPointer {
    withMutablePointer { UnsafeMutableRawPointer($0) }
  }
}
