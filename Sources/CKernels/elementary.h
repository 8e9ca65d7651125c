// exp, log and tanh in a fixed order of fused multiply-adds, without branches so that they vectorize. Included by
// leaf_body.h for each element type; T, U (its bits), S (signed bits) and FMA must be defined.
//
// The polynomials are Chebyshev fits whose coefficients were computed with 60-digit arithmetic and
// rounded to T; the bounds stated in Documentation/Numerics.md are measured by the tests.

#if EK_IS_F32
#define MANTISSA 23
#define BIAS 127
#define ROUNDER 0x1.8p23f
#define LOG2E 0x1.715476p+0f
#define LN2_HIGH 0x1.62e400p-1f     // 15 bits: n · LN2_HIGH is exact for |n| ≤ 2^9
#define LN2_LOW 0x1.7f7d1cp-20f
#define EXP_HIGH 89.0f              // above: +inf
#define EXP_LOW (-104.5f)           // below: +0
#define SQRT_HALF 0x1.6a09e6p-1f
#define SMALLEST_NORMAL 0x1p-126f
#define DENORMAL_SCALE 0x1p24f
#define DENORMAL_SHIFT 24
#define TANH_ONE 9.5f               // tanh rounds to 1 above
#else
#define MANTISSA 52
#define BIAS 1023
#define ROUNDER 0x1.8p52
#define LOG2E 0x1.71547652b82fep+0
#define LN2_HIGH 0x1.62e42fefa0000p-1 // 34 bits
#define LN2_LOW 0x1.cf79abc9e3b3ap-40
#define EXP_HIGH 710.0
#define EXP_LOW (-746.0)
#define SQRT_HALF 0x1.6a09e667f3bcdp-1
#define SMALLEST_NORMAL 0x1p-1022
#define DENORMAL_SCALE 0x1p54
#define DENORMAL_SHIFT 54
#define TANH_ONE 20.0
#endif

static inline T FN(from_bits)(U bits) { T x; __builtin_memcpy(&x, &bits, sizeof x); return x; }
static inline U FN(to_bits)(T x) { U bits; __builtin_memcpy(&bits, &x, sizeof bits); return bits; }

// 2^n for n with a normal result.
static inline T FN(power_of_two)(S n) { return FN(from_bits)((U)(n + BIAS) << MANTISSA); }

// r and n with x = n ln 2 + r, |r| ≤ ½ ln 2; x finite and within EXP_LOW…EXP_HIGH.
static inline T FN(reduce)(T x, S *n) {
  T shifted = FMA(x, LOG2E, ROUNDER);
  T rounded = shifted - ROUNDER;
  *n = (S)(FN(to_bits)(shifted) - FN(to_bits)((T)ROUNDER));  // one ulp of ROUNDER is 1
  T r = FMA(-rounded, LN2_HIGH, x);
  return FMA(-rounded, LN2_LOW, r);
}

// (e^r - 1 - r) / r² for |r| ≤ ½ ln 2.
static inline T FN(exp_tail)(T r) {
#include "exp_polynomial.h"
}

static inline T FN(exp)(T x) {
  bool high = x > EXP_HIGH, low = x < EXP_LOW, nan = x != x;
  T inside = high || low || nan ? (T)0 : x;
  S n;
  T r = FN(reduce)(inside, &n);
  T p = FMA(r * r, FN(exp_tail)(r), r) + (T)1;
  // Two factors, so that neither overflows or underflows before the product does.
  S half = n >> 1;
  T y = p * FN(power_of_two)(half) * FN(power_of_two)(n - half);
  y = high ? (T)__builtin_inff() : y;
  y = low ? (T)0 : y;
  return nan ? x : y;
}

// e^x - 1 for -2·TANH_ONE ≤ x ≤ 0.
static inline T FN(expm1)(T x) {
  S n;
  T r = FN(reduce)(x, &n);
  T q = FMA(r * r, FN(exp_tail)(r), r);
  T scale = FN(power_of_two)(n);
  return FMA(q, scale, scale - (T)1);
}

// (2 artanh √z - 2√z) / √z for 0 ≤ z ≤ (3 - 2√2)².
static inline T FN(log_tail)(T z) {
#include "log_polynomial.h"
}

static inline T FN(log)(T x) {
  bool zero = x == (T)0, negative = x < (T)0, nan = x != x, infinite = x == (T)__builtin_inff();
  T inside = zero || negative || nan || infinite ? (T)1 : x;
  bool denormal = inside < SMALLEST_NORMAL;
  T scaled = denormal ? inside * DENORMAL_SCALE : inside;
  // m in [√½, √2) and e with scaled = m · 2^e.
  U bits = FN(to_bits)(scaled) - FN(to_bits)((T)SQRT_HALF);
  S e = (S)bits >> MANTISSA;
  T m = FN(from_bits)((bits & (((U)1 << MANTISSA) - 1)) + FN(to_bits)((T)SQRT_HALF));
  T shift = (T)(denormal ? (S)(e - DENORMAL_SHIFT) : e);
  // log m = 2 artanh s = f - f²/2 + s (f²/2 + R(s²)) with f = m - 1 (exact) and s = f / (2 + f).
  T f = m - (T)1;
  T s = f / ((T)2 + f);
  T z = s * s;
  T half_square = (T)0.5 * f * f;
  T tail = FN(log_tail)(z);
  T correction = FMA(s, half_square + tail, shift * LN2_LOW);
  T y = FMA(shift, LN2_HIGH, f - (half_square - correction));
  y = infinite ? x : y;
  y = zero ? -(T)__builtin_inff() : y;
  y = negative ? (T)__builtin_nanf("") : y;
  return nan ? x : y;
}

static inline T FN(tanh)(T x) {
  T magnitude = x < (T)0 ? -x : x;
  bool saturated = magnitude > TANH_ONE, nan = x != x;
  T inside = saturated || nan ? (T)0 : magnitude;
  T q = FN(expm1)((T)-2 * inside);
  T y = -q / ((T)2 + q);
  y = saturated ? (T)1 : y;
  U sign = (U)1 << (8 * sizeof(U) - 1);
  y = FN(from_bits)((FN(to_bits)(y) & ~sign) | (FN(to_bits)(x) & sign));
  return nan ? x : y;
}

#undef MANTISSA
#undef BIAS
#undef ROUNDER
#undef LOG2E
#undef LN2_HIGH
#undef LN2_LOW
#undef EXP_HIGH
#undef EXP_LOW
#undef SQRT_HALF
#undef SMALLEST_NORMAL
#undef DENORMAL_SCALE
#undef DENORMAL_SHIFT
#undef TANH_ONE
