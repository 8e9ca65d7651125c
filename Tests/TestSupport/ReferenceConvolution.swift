import CEscapementKernels
import EscapementKernels

extension Reference {
  /// A convolution's shape with the extents of its output derived: x [n][h][w][ci], y [n][oh][ow][co].
  public struct Convolution: Sendable, CustomStringConvertible {
    /// Samples, height, width, channels in, channels out.
    public var n: Int, h: Int, w: Int, ci: Int, co: Int
    /// The kernel's height and width, the stride, and the zeros added on each side.
    public var kh: Int, kw: Int, stride: Int, pad: Int

    /// A convolution with a kernel of `kh` × `kw`; `kw` defaults to a square one.
    public init(n: Int, h: Int, w: Int, ci: Int, co: Int, kh: Int, kw: Int? = nil, stride: Int, pad: Int) {
      self.n = n
      self.h = h
      self.w = w
      self.ci = ci
      self.co = co
      self.kh = kh
      self.kw = kw ?? kh
      self.stride = stride
      self.pad = pad
    }

    /// Output rows.
    public var oh: Int { h + 2 * pad < kh ? 0 : (h + 2 * pad - kh) / stride + 1 }
    /// Output columns.
    public var ow: Int { w + 2 * pad < kw ? 0 : (w + 2 * pad - kw) / stride + 1 }
    /// The number of elements of x.
    public var countX: Int { n * h * w * ci }
    /// The number of elements of the weights [kh][kw][ci][co].
    public var countWeights: Int { kh * kw * ci * co }
    /// The number of elements of y.
    public var countY: Int { n * oh * ow * co }
    /// The largest number of fused multiply-adds of the three passes.
    public var work: Int {
      max(n * oh * ow * kh * kw * ci * co, n * h * w * kh * kw * ci * co / stride / stride)
    }

    /// The shape as the C leaves take it.
    public var kernelShape: ek_conv {
      ek_conv(
        n: n, h: h, w: w, ci: ci, oh: oh, ow: ow, co: co, kh: kh, kw: kw, stride: stride, pad: pad)
    }

    /// For messages.
    public var description: String {
      "\(n)×\(h)×\(w)×\(ci)→\(co), kernel \(kh)×\(kw), stride \(stride), pad \(pad)"
    }
  }

  /// y[n,oy,ox,co] = Σ x·weights over (kh, kw, ci); taps outside the image are not terms, but keep their places.
  ///
  /// Float uses Winograd if the shape allows it and `direct` is false; the same holds for the two functions below.
  public static func convolutionForward<E: Real>(
    _ s: Convolution, x: [E], weights: [E], direct: Bool = false
  ) -> [E] {
    if !direct && s.isWinograd, let x = x as? [Float], let weights = weights as? [Float] {
      return winogradForward(s, x: x, weights: weights) as! [E]
    }
    var y: [E] = []
    y.reserveCapacity(s.countY)
    for n in 0..<s.n {
      for oy in 0..<s.oh {
        for ox in 0..<s.ow {
          for co in 0..<s.co {
            y.append(
              chunkedDot(0..<s.kh * s.kw * s.ci) { k in
                let ci = k % s.ci
                let iy = oy * s.stride + k / s.ci / s.kw - s.pad
                let ix = ox * s.stride + k / s.ci % s.kw - s.pad
                guard iy >= 0 && iy < s.h && ix >= 0 && ix < s.w else { return nil }
                return (x[((n * s.h + iy) * s.w + ix) * s.ci + ci], weights[k * s.co + co])
              })
          }
        }
      }
    }
    return y
  }

  /// dx[n,iy,ix,ci] = Σ dy·weights over (tap, co), taps being those of this pixel's phase in ascending order.
  ///
  /// A tap (kh, kw) belongs to the phase when the stride divides iy + pad − kh and ix + pad − kw. Taps of the phase
  /// whose output pixel lies outside are not terms, but keep their places; other taps have no place.
  public static func convolutionBackwardData<E: Real>(
    _ s: Convolution, dy: [E], weights: [E], direct: Bool = false
  ) -> [E] {
    if !direct && s.isWinograd, let dy = dy as? [Float], let weights = weights as? [Float] {
      return winogradBackwardData(s, dy: dy, weights: weights) as! [E]
    }
    var dx: [E] = []
    dx.reserveCapacity(s.countX)
    for n in 0..<s.n {
      for iy in 0..<s.h {
        for ix in 0..<s.w {
          var taps: [(kh: Int, kw: Int, oy: Int, ox: Int)] = []
          for kh in 0..<s.kh where (iy + s.pad - kh) % s.stride == 0 {
            for kw in 0..<s.kw where (ix + s.pad - kw) % s.stride == 0 {
              taps.append((kh, kw, (iy + s.pad - kh) / s.stride, (ix + s.pad - kw) / s.stride))
            }
          }
          for ci in 0..<s.ci {
            dx.append(
              chunkedDot(0..<taps.count * s.co) { k in
                let (kh, kw, oy, ox) = taps[k / s.co]
                let co = k % s.co
                guard oy >= 0 && oy < s.oh && ox >= 0 && ox < s.ow else { return nil }
                let weight = weights[((kh * s.kw + kw) * s.ci + ci) * s.co + co]
                return (dy[((n * s.oh + oy) * s.ow + ox) * s.co + co], weight)
              })
          }
        }
      }
    }
    return dx
  }

  /// dweights[kh,kw,ci,co] = Σ x·dy over (n, oy, ox), grouped by samples; pixels whose input lies outside the image are
  /// not terms, but keep their places.
  public static func convolutionBackwardWeight<E: Real>(
    _ s: Convolution, x: [E], dy: [E], direct: Bool = false
  ) -> [E] {
    if !direct && s.isWinograd, let x = x as? [Float], let dy = dy as? [Float] {
      return winogradBackwardWeight(s, x: x, dy: dy) as! [E]
    }
    var dweights: [E] = []
    dweights.reserveCapacity(s.countWeights)
    let pixels = s.oh * s.ow
    for kh in 0..<s.kh {
      for kw in 0..<s.kw {
        for ci in 0..<s.ci {
          for co in 0..<s.co {
            dweights.append(
              batchDot(samples: s.n, pixels: pixels) { p in
                let n = p / pixels
                let iy = p % pixels / s.ow * s.stride + kh - s.pad
                let ix = p % s.ow * s.stride + kw - s.pad
                guard iy >= 0 && iy < s.h && ix >= 0 && ix < s.w else { return nil }
                return (x[((n * s.h + iy) * s.w + ix) * s.ci + ci], dy[p * s.co + co])
              })
          }
        }
      }
    }
    return dweights
  }
}
