import EscapementKernels

/// The distance of `got` from `exact`, in units in the last place of the correct rounding of `exact`.
///
/// `exact` is a value of higher precision; the unit is never below the smallest denormal. Equal infinities and two NaNs
/// are 0 apart, a finite number and a non-finite one are infinitely far apart, except that a number beyond the largest
/// finite one counts as infinity if it rounds to infinity.
public func ulpDistance<E: Real, Wide: BinaryFloatingPoint>(_ got: E, exact: Wide) -> Double {
  let rounded = E(exact)
  if got.isNaN || rounded.isNaN { return got.isNaN && rounded.isNaN ? 0 : .infinity }
  if got.isInfinite || rounded.isInfinite { return got == rounded ? 0 : .infinity }
  return Double(abs(Wide(got) - exact) / Wide(rounded.ulp))
}
