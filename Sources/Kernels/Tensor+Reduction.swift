import CEscapementKernels

// Reductions by rules 2, 5 and 6 of the numeric contract, and their broadcasting adjoints.
extension Tensor {
  /// Per-channel sums over samples and pixels, in Double and unrounded: `[n]…[c]` to `[c]`.
  public func channelSums() -> Tensor<Double> {
    Tensor<Double>(shape: [shape.columns]) { target in
      withPointer { ek_channel_sums(Element.kernelType, shape[0], shape.pixels, shape.columns, $0, target) }
    }
  }

  /// Per-channel sums of products over samples and pixels, in Double and unrounded.
  public func channelDots(_ other: Tensor) -> Tensor<Double> {
    precondition(shape == other.shape, "channel dots of \(shape) and \(other.shape)")
    return Tensor<Double>(shape: [shape.columns]) { target in
      withPointer { x in
        other.withPointer { y in
          ek_channel_dots(Element.kernelType, shape[0], shape.pixels, shape.columns, x, y, target)
        }
      }
    }
  }

  /// Per-channel mean and biased variance over samples and pixels, in Double.
  public func channelMoments() -> (mean: Tensor<Double>, variance: Tensor<Double>) {
    var variance = Tensor<Double>(repeating: 0, shape: [shape.columns])
    let mean = Tensor<Double>(shape: [shape.columns]) { mean in
      withPointer { x in
        variance.withMutablePointer {
          ek_channel_moments(Element.kernelType, shape[0], shape.pixels, shape.columns, x, mean, $0)
        }
      }
    }
    return (mean, variance)
  }

  /// Σx and Σx² per channel, in Double: `[2][c]`. The moments of Float tensors are computed from these.
  public func channelPowers() -> Tensor<Double> {
    let channels = shape.columns
    return Tensor<Double>(shape: [2, channels]) { sums in
      withPointer {
        ek_channel_powers(Element.kernelType, shape[0], shape.pixels, channels, $0, sums, sums + channels)
      }
    }
  }

  /// Σ(x − mean)² per channel, in Double. The variance of Double tensors is computed from these.
  public func channelSquares(around mean: Tensor<Double>) -> Tensor<Double> {
    precondition(mean.count == shape.columns, "\(mean.count) means for \(shape)")
    return Tensor<Double>(shape: [shape.columns]) { squares in
      withPointer { x in
        mean.withPointer {
          ek_channel_squares(Element.kernelType, shape[0], shape.pixels, shape.columns, x, $0, squares)
        }
      }
    }
  }

  /// Mean and biased variance per channel over samples of which self holds only some: as `channelMoments`, with sums
  /// over all of them.
  ///
  /// `sum` receives a function that computes `width` numbers of this tensor's samples; it returns their sums over all
  /// samples. `count` is the number of pixels in all samples.
  public func channelMoments(
    count: Int, sum: (_ width: Int, _ ofSamples: (Tensor) -> Tensor<Double>) -> Tensor<Double>
  ) -> (mean: Tensor<Double>, variance: Tensor<Double>) {
    let channels: Shape = [shape.columns]
    guard Element.kernelType == EK_F32 else {
      let mean = sum(channels.count) { $0.channelSums() }.zip(.divide, scalar: Double(count))
      let squares = sum(channels.count) { $0.channelSquares(around: mean) }
      return (mean, squares.zip(.divide, scalar: Double(count)))
    }
    let powers = sum(2 * channels.count) { $0.channelPowers() }
    var mean = powers.view(at: 0, shape: channels)
    var variance = powers.view(at: channels.count, shape: channels)
    mean.withMutablePointer { mean in
      variance.withMutablePointer { ek_moments_of_powers(channels.count, Double(count), mean, $0) }
    }
    return (mean, variance)
  }

  /// The sum of each row in 32 double lanes, rounded once.
  public func rowSums() -> Tensor {
    Tensor(shape: [shape.rows]) { target in
      withPointer { ek_row_sums(Element.kernelType, shape.rows, shape.columns, $0, target) }
    }
  }

  /// The largest element of each row; NaN if the row contains a NaN.
  public func rowMaxima() -> Tensor {
    Tensor(shape: [shape.rows]) { target in
      withPointer { ek_row_maxima(Element.kernelType, shape.rows, shape.columns, $0, target) }
    }
  }

  /// The index of the largest element of each row; the lowest index among equal ones; -1 if the row contains a NaN.
  public func rowArgmax() -> [Int] {
    var indices = [Int64](repeating: 0, count: shape.rows)
    withPointer { ek_row_argmax(Element.kernelType, shape.rows, shape.columns, $0, &indices) }
    return indices.map(Int.init)
  }

  /// The element of each row at the given column.
  public func gathered(columns: [Int]) -> Tensor {
    precondition(columns.count == shape.rows && columns.allSatisfy { $0 >= 0 && $0 < shape.columns })
    let index = columns.map(Int64.init)
    return Tensor(shape: [shape.rows]) { target in
      withPointer { ek_gather_columns(Element.kernelType, shape.rows, shape.columns, $0, index, target) }
    }
  }

  /// The adjoint of `gathered`: each entry of self at its column in a row of zeros.
  public func scattered(columns: [Int], width: Int) -> Tensor {
    precondition(columns.count == count && columns.allSatisfy { $0 >= 0 && $0 < width })
    let index = columns.map(Int64.init)
    return Tensor(shape: [count, width]) { target in
      withPointer { ek_scatter_columns(Element.kernelType, count, width, $0, index, target) }
    }
  }

  /// The mean over pixels: `[n]…[c]` to `[n][c]`.
  public func pooledMean() -> Tensor {
    Tensor(shape: [shape[0], shape.columns]) { target in
      withPointer { ek_pool_mean(Element.kernelType, shape[0], shape.pixels, shape.columns, $0, target) }
    }
  }

  /// The adjoint of `pooledMean`: each entry divided by the pixel count, at every pixel of `shape`.
  public func pooledMeanAdjoint(shape target: Shape) -> Tensor {
    precondition(shape == [target[0], target.columns], "pooling gradient of \(shape) for \(target)")
    return Tensor(shape: target) { pointer in
      withPointer {
        ek_pool_mean_adjoint(Element.kernelType, target[0], target.pixels, target.columns, $0, pointer)
      }
    }
  }

  /// The option-A shortcut: every `stride`-th pixel, with zero channels on both sides, `before` of them in front.
  public func shortcut(channels: Int, stride: Int, before: Int) -> Tensor {
    precondition(
      shape.rank == 4 && before >= 0 && before + shape[3] <= channels, "shortcut of \(shape) to \(channels)")
    let output: Shape = [
      shape[0], (shape[1] + stride - 1) / stride, (shape[2] + stride - 1) / stride, channels,
    ]
    return Tensor(shape: output) { target in
      withPointer {
        ek_shortcut(
          Element.kernelType, shape[0], shape[1], shape[2], shape[3], channels, stride, before, $0, target)
      }
    }
  }

  /// The adjoint of `shortcut`, for an input of `inputShape`.
  public func shortcutAdjoint(inputShape: Shape, stride: Int, before: Int) -> Tensor {
    Tensor(shape: inputShape) { target in
      withPointer {
        ek_shortcut_adjoint(
          Element.kernelType, inputShape[0], inputShape[1], inputShape[2], inputShape[3], shape[3], stride,
          before, $0, target)
      }
    }
  }
}
