import EscapementKernels

/// How far `got` is from `exact`, in units of the last place that a correct rounding of `exact` has.
///
/// `exact` is a value of higher precision; the unit is never below the smallest denormal. Equal
/// infinities and two NaNs are 0 apart, a finite number and a non-finite one infinitely far, except that a
/// number beyond the largest finite one counts as infinity where it rounds to it.
public func ulpDistance<E: Real, Wide: BinaryFloatingPoint>(_ got: E, exact: Wide) -> Double {
  let rounded = E(exact)
  if got.isNaN || rounded.isNaN { return got.isNaN && rounded.isNaN ? 0 : .infinity }
  if got.isInfinite || rounded.isInfinite { return got == rounded ? 0 : .infinity }
  return Double(abs(Wide(got) - exact) / Wide(rounded.ulp))
}
