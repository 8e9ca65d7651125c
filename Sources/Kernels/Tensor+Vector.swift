import CEscapementKernels

// The vector-space operations of tensors, which optimizers and Lanczos use.
extension Tensor {
  /// Σ xᵢyᵢ in 32 double lanes (rule 5), unrounded.
  public func dot(_ other: Tensor) -> Double {
    precondition(count == other.count, "dot of \(shape) and \(other.shape)")
    return withPointer { x in other.withPointer { y in ek_dot(Element.kernelType, count, x, y) } }
  }

  /// Σ xᵢ in 32 double lanes (rule 5), unrounded.
  public func sum() -> Double { withPointer { ek_sum(Element.kernelType, count, $0) } }

  /// The Euclidean norm, √⟨x, x⟩ in Double.
  public func norm() -> Double { dot(self).squareRoot() }

  /// Whether no element is infinite or NaN.
  public var isFinite: Bool { withPointer { ek_all_finite(Element.kernelType, count, $0) } }

  /// self ← fma(s, x, self) with s rounded to the element type: one rounding per element.
  public mutating func addProduct(_ s: Double, _ x: Tensor) {
    precondition(count == x.count, "sum of \(shape) and \(x.shape)")
    let n = count
    x.withPointer { source in
      withMutablePointer { ek_axpy(Element.kernelType, n, s, source, $0) }
    }
  }

  /// self + s·x, with the product rounded before the sum.
  public func addingScaled(_ s: Double, _ x: Tensor) -> Tensor {
    precondition(count == x.count, "sum of \(shape) and \(x.shape)")
    return Tensor(shape: shape) { target in
      withPointer { w in
        x.withPointer { ek_add_scaled(Element.kernelType, count, w, s, $0, target) }
      }
    }
  }

  /// The elements in another type, each rounded once.
  public func converted<Other: Real>(to type: Other.Type) -> Tensor<Other> {
    Tensor<Other>(shape: shape) { target in
      withPointer { ek_convert(Element.kernelType, Other.kernelType, count, $0, target) }
    }
  }
}
