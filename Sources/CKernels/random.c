// Counter-based random numbers: Philox4x32-10 and normals by the inverse distribution function.
#include "machine.h"

// Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), table 2 and section 3.3.
static inline void philox(uint32_t c[4], uint32_t k0, uint32_t k1) {
  for (int round = 0; round < 10; round++) {
    uint64_t a = (uint64_t)0xD2511F53u * c[0], b = (uint64_t)0xCD9E8D57u * c[2];
    uint32_t next[4] = {(uint32_t)(b >> 32) ^ c[1] ^ k0, (uint32_t)b, (uint32_t)(a >> 32) ^ c[3] ^ k1, (uint32_t)a};
    for (int i = 0; i < 4; i++) c[i] = next[i];
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
}

void ek_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
  uint32_t c[4] = {counter[0], counter[1], counter[2], counter[3]};
  philox(c, key[0], key[1]);
  for (int i = 0; i < 4; i++) out[i] = c[i];
}

// Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37 (1988):
// rational approximations of relative accuracy about 1e-16. Highest power first.
static const double CENTRAL_NUMERATOR[8] = {
    2.5090809287301226727e+3, 3.3430575583588128105e+4, 6.7265770927008700853e+4, 4.5921953931549871457e+4,
    1.3731693765509461125e+4, 1.9715909503065514427e+3, 1.3314166789178437745e+2, 3.3871328727963666080e+0};
static const double CENTRAL_DENOMINATOR[8] = {
    5.2264952788528545610e+3, 2.8729085735721942674e+4, 3.9307895800092710610e+4, 2.1213794301586595867e+4,
    5.3941960214247511077e+3, 6.8718700749205790830e+2, 4.2313330701600911252e+1, 1.0};
static const double MIDDLE_NUMERATOR[8] = {
    7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258e+0,
    3.64784832476320460504e+0, 5.76949722146069140550e+0, 4.63033784615654529590e+0, 1.42343711074968357734e+0};
static const double MIDDLE_DENOMINATOR[8] = {
    1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
    6.89767334985100004550e-1, 1.67638483018380384940e+0, 2.05319162663775882187e+0, 1.0};
static const double FAR_NUMERATOR[8] = {
    2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
    2.96560571828504891230e-1, 1.78482653991729133580e+0, 5.46378491116411436990e+0, 6.65790464350110377720e+0};
static const double FAR_DENOMINATOR[8] = {
    2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
    1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0};

static inline double horner(const double c[8], double r) {
  double sum = c[0];
  for (int i = 1; i < 8; i++) sum = __builtin_fma(sum, r, c[i]);
  return sum;
}

static double quantile(double p) {
  double q = p - 0.5;
  if (q >= -0.425 && q <= 0.425) {
    double r = 0.180625 - q * q;
    return q * (horner(CENTRAL_NUMERATOR, r) / horner(CENTRAL_DENOMINATOR, r));
  }
  double tail = q < 0 ? p : 1 - p;
  double r = __builtin_elementwise_sqrt(-ek_log(tail));
  double z = r <= 5 ? horner(MIDDLE_NUMERATOR, r - 1.6) / horner(MIDDLE_DENOMINATOR, r - 1.6)
                    : horner(FAR_NUMERATOR, r - 5) / horner(FAR_DENOMINATOR, r - 5);
  return q < 0 ? -z : z;
}

double ek_normal_quantile(double p) {
  uint64_t mode = ek_float_mode_enter();
  __asm__ volatile("" : "+m"(p));  // keeps the arithmetic after the change of mode
  double z = quantile(p);
  __asm__ volatile("" : "+m"(z));  // and before its restoration
  ek_float_mode_restore(mode);
  return z;
}

void ek_normals(ek_type t, uint64_t key, uint32_t c2, uint32_t c3, uint64_t first, size_t count, void *y) {
  uint64_t mode = ek_float_mode_enter();
  for (size_t i = 0; i < count; i++) {
    uint64_t at = first + i;
    uint32_t c[4] = {(uint32_t)at, (uint32_t)(at >> 32), c2, c3};
    philox(c, (uint32_t)key, (uint32_t)(key >> 32));
    // Fifty-two bits and a half: every p is strictly inside (0, 1) and exact, and 1 - p is as likely as p.
    uint64_t bits = ((uint64_t)c[1] << 32 | c[0]) >> 12;
    double z = quantile(((double)bits + 0.5) * 0x1p-52);
    if (t == EK_F32) ((float *)y)[i] = (float)z;
    else ((double *)y)[i] = z;
  }
  ek_float_mode_restore(mode);
}

void ek_uniforms(ek_type t, uint64_t key, uint32_t c2, uint32_t c3, uint64_t first, size_t count, double bound,
                 void *y) {
  uint64_t mode = ek_float_mode_enter();
  for (size_t i = 0; i < count; i++) {
    uint64_t at = first + i;
    uint32_t c[4] = {(uint32_t)at, (uint32_t)(at >> 32), c2, c3};
    philox(c, (uint32_t)key, (uint32_t)(key >> 32));
    uint64_t bits = ((uint64_t)c[1] << 32 | c[0]) >> 11;
    double z = (2 * ((double)bits * 0x1p-53) - 1) * bound;
    if (t == EK_F32) ((float *)y)[i] = (float)z;
    else ((double *)y)[i] = z;
  }
  ek_float_mode_restore(mode);
}
