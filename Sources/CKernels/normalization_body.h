// Fused batch normalization of one instruction set and element type; included by leaf_body.h.
//
// Every value goes through the operations of the composite definition in the same order, each rounded separately, so
// fusing changes no bit. Arrays that are "laid out" hold one value per channel, repeated to `period` elements, a
// multiple of the channels, so that loops over elements are long.

// g where y > 0, NaN where y is NaN, else +0.
#define MASKED(g, y) ((y) > (T)0 ? (g) : ((y) != (y) ? (y) : (T)0))

// `body` for each element i of a range, with j its position in the period. An output may be one of the inputs, see
// EACH_ELEMENT in leaf_body.h.
#define EACH_IN_PERIODS(body) \
  for (size_t base = 0; base < count; base += period) { \
    const size_t n = count - base < period ? count - base : period; \
    _Pragma("clang loop vectorize(assume_safety)") \
    for (size_t j = 0; j < n; j++) { \
      const size_t i = base + j; \
      body \
    } \
  }

static void FN(normalize)(size_t count, size_t period, const void *xv, const ek_normalization *laid, const void *rv,
                          bool rectified, void *yv) {
  const T *x = xv, *r = rv;
  const T *restrict mean = laid->mean, *restrict inverse = laid->inverse, *restrict gain = laid->gain,
          *restrict shift = laid->shift;
  T *y = yv;
#define AFFINE T v = (x[i] - mean[j]) * inverse[j]; v = v * gain[j]; v = v + shift[j];
  if (r && rectified) EACH_IN_PERIODS(AFFINE v = v + r[i]; y[i] = v < (T)0 ? (T)0 : v;)
  else if (r) EACH_IN_PERIODS(AFFINE y[i] = v + r[i];)
  else if (rectified) EACH_IN_PERIODS(AFFINE y[i] = v < (T)0 ? (T)0 : v;)
  else EACH_IN_PERIODS(AFFINE y[i] = v;)
}

static void FN(normalize_dual)(size_t count, size_t period, const void *xv, const void *xtv, const ek_normalization *laid,
                               const void *gain_tv, const void *shift_tv, const void *rv, const void *rtv, bool rectified,
                               void *yv, void *ytv) {
  const T *restrict x = xv, *restrict xt = xtv, *restrict r = rv, *restrict rt = rtv;
  const T *restrict mean = laid->mean, *restrict inverse = laid->inverse, *restrict gain = laid->gain,
          *restrict shift = laid->shift, *restrict gain_t = gain_tv, *restrict shift_t = shift_tv;
  T *restrict y = yv, *restrict yt = ytv;
#define DUAL \
  T u = (x[i] - mean[j]) * inverse[j]; \
  T p = u * gain[j]; \
  p = p + shift[j]; \
  T left = (xt[i] * inverse[j]) * gain[j]; \
  T right = u * gain_t[j]; \
  T v = left + right; \
  v = v + shift_t[j];
#define RESIDUAL p = p + r[i]; v = v + rt[i];
#define RECTIFIED y[i] = p < (T)0 ? (T)0 : p; yt[i] = MASKED(v, p);
  if (r && rectified) EACH_IN_PERIODS(DUAL RESIDUAL RECTIFIED)
  else if (r) EACH_IN_PERIODS(DUAL RESIDUAL y[i] = p; yt[i] = v;)
  else if (rectified) EACH_IN_PERIODS(DUAL RECTIFIED)
  else EACH_IN_PERIODS(DUAL y[i] = p; yt[i] = v;)
}

static void FN(normalize_gradient_input)(size_t count, size_t period, const void *gv, ek_rectifier rectifier,
                                         const void *xv, const void *yv, const ek_normalization *laid,
                                         const void *along1v, const void *along_output_v, const void *scalev,
                                         void *dxv) {
  const T *g = gv, *restrict x = xv, *restrict y = yv;
  const T *restrict mean = laid->mean, *restrict inverse = laid->inverse, *restrict gain = laid->gain,
          *restrict shift = laid->shift, *restrict along1 = along1v, *restrict along_output = along_output_v,
          *restrict scale = scalev;
  T *dx = dxv;
#define INPUT_GRADIENT(masked) \
  T u = (x[i] - mean[j]) * inverse[j]; \
  T p = u * gain[j]; \
  p = p + shift[j]; \
  T m = (masked); \
  T o = u * along_output[j]; \
  dx[i] = ((m - along1[j]) - o) * scale[j];
  if (rectifier == EK_LINEAR) EACH_IN_PERIODS(INPUT_GRADIENT(g[i]))
  else if (rectifier == EK_RECTIFIED_OUTPUT) EACH_IN_PERIODS(INPUT_GRADIENT(MASKED(g[i], y[i])))
  else EACH_IN_PERIODS(INPUT_GRADIENT(MASKED(g[i], p)))
}

static inline __attribute__((always_inline)) H FN(masked_lanes)(H g, H y) {
  typedef __typeof__(g > y) M;
  const M positive = y > (H){0}, nan = y != y;
  return (H)(((M)g & positive) | ((M)y & nan));
}

// One chain per channel over `pixels` rows, for `vectors` · LANES_D channels from `c` on; see ek_leaf.
static inline __attribute__((always_inline)) void FN(gradient_block)(
    const int vectors, size_t c, size_t pixels, size_t channels, const ek_normalization *norm,
    const ek_normalize_pass *s) {
  const T *g = (const T *)s->g + c, *gt = (const T *)s->g_tangent, *x = (const T *)s->x + c;
  const T *xt = (const T *)s->x_tangent, *y = (const T *)s->y, *scale = (const T *)s->scale,
          *scale_t = (const T *)s->scale_tangent;
  T *masked = s->masked, *masked_t = s->masked_tangent, *dx = s->dx, *dx_t = s->dx_tangent;
  H mean[4], inverse[4], gain[4], shift[4], by[4], by_t[4];
  D sums[4], dots[4], cross[4];
#pragma clang loop unroll(full)
  for (int v = 0; v < vectors; v++) {
    const size_t at = c + v * LANES_D;
    mean[v] = *(const H *)((const T *)norm->mean + at);
    inverse[v] = *(const H *)((const T *)norm->inverse + at);
    gain[v] = *(const H *)((const T *)norm->gain + at);
    shift[v] = *(const H *)((const T *)norm->shift + at);
    by[v] = scale ? *(const H *)(scale + at) : (H){0};
    by_t[v] = scale_t ? *(const H *)(scale_t + at) : (H){0};
    sums[v] = dots[v] = cross[v] = (D){0};
  }
  for (size_t p = 0; p < pixels; p++) {
    const size_t row = p * channels;
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
      const size_t at = row + v * LANES_D, all = at + c;
      const H u = (*(const H *)(x + at) - mean[v]) * inverse[v];
      H m = *(const H *)(g + at), mt = gt ? *(const H *)(gt + all) : m;
      if (s->rectifier != EK_LINEAR) {
        H pre = u * gain[v];
        pre = pre + shift[v];
        const H by_output = s->rectifier == EK_RECTIFIED_OUTPUT ? *(const H *)(y + all) : pre;
        m = FN(masked_lanes)(m, by_output);
        if (gt) mt = FN(masked_lanes)(mt, by_output);
      }
      if (masked) *(H *)(masked + all) = m;
      const H moving = gt ? mt : m;
      const D wide = __builtin_convertvector(moving, D);
      sums[v] = sums[v] + wide;
      dots[v] = __builtin_elementwise_fma(wide, __builtin_convertvector(u, D), dots[v]);
      if (gt) {
        const H ut = *(const H *)(xt + all) * inverse[v];
        cross[v] = __builtin_elementwise_fma(__builtin_convertvector(m, D), __builtin_convertvector(ut, D), cross[v]);
        if (masked_t) *(H *)(masked_t + all) = mt;
        if (dx_t) {
          const H left = mt * by[v], right = m * by_t[v];
          *(H *)(dx_t + all) = left + right;
        }
      }
      if (dx) *(H *)(dx + all) = m * by[v];
    }
  }
  __builtin_memcpy(s->sums + c, sums, vectors * sizeof(D));
  __builtin_memcpy(s->dots + c, dots, vectors * sizeof(D));
  if (gt) __builtin_memcpy(s->cross + c, cross, vectors * sizeof(D));
}

static void FN(normalize_gradient)(size_t pixels, size_t channels, const ek_normalization *norm,
                                   const ek_normalize_pass *s) {
  size_t c = 0;
  for (; c + 4 * LANES_D <= channels; c += 4 * LANES_D) FN(gradient_block)(4, c, pixels, channels, norm, s);
  for (; c + 2 * LANES_D <= channels; c += 2 * LANES_D) FN(gradient_block)(2, c, pixels, channels, norm, s);
  for (; c + LANES_D <= channels; c += LANES_D) FN(gradient_block)(1, c, pixels, channels, norm, s);
  // The remaining channels, one at a time: the same operations on scalars.
  for (; c < channels; c++) {
    const T *g = s->g, *gt = s->g_tangent, *x = s->x, *xt = s->x_tangent, *y = s->y;
    const T mean = ((const T *)norm->mean)[c], inverse = ((const T *)norm->inverse)[c];
    const T gain = ((const T *)norm->gain)[c], shift = ((const T *)norm->shift)[c];
    double sum = 0, dot = 0, cross = 0;
    for (size_t p = 0; p < pixels; p++) {
      const size_t i = p * channels + c;
      const T u = (x[i] - mean) * inverse;
      T m = g[i], mt = gt ? gt[i] : m;
      if (s->rectifier != EK_LINEAR) {
        T pre = u * gain;
        pre = pre + shift;
        const T by_output = s->rectifier == EK_RECTIFIED_OUTPUT ? y[i] : pre;
        m = MASKED(m, by_output);
        mt = MASKED(mt, by_output);
      }
      if (s->masked) ((T *)s->masked)[i] = m;
      sum = sum + (double)mt;
      dot = __builtin_fma((double)mt, (double)u, dot);
      if (gt) {
        cross = __builtin_fma((double)m, (double)(T)(xt[i] * inverse), cross);
        if (s->masked_tangent) ((T *)s->masked_tangent)[i] = mt;
        if (s->dx_tangent) {
          const T left = mt * ((const T *)s->scale)[c], right = m * ((const T *)s->scale_tangent)[c];
          ((T *)s->dx_tangent)[i] = left + right;
        }
      }
      if (s->dx) ((T *)s->dx)[i] = m * ((const T *)s->scale)[c];
    }
    s->sums[c] = sum;
    s->dots[c] = dot;
    if (gt) s->cross[c] = cross;
  }
}

static inline __attribute__((always_inline)) void FN(moments_block)(const int vectors, size_t c, size_t pixels,
                                                                    size_t channels, const T *x, double *sums,
                                                                    double *squares) {
  D a[4], b[4];
#pragma clang loop unroll(full)
  for (int v = 0; v < vectors; v++) a[v] = b[v] = (D){0};
  for (size_t p = 0; p < pixels; p++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
      const D wide = FN(widen)(x + p * channels + c + v * LANES_D);
      a[v] = a[v] + wide;
      b[v] = __builtin_elementwise_fma(wide, wide, b[v]);
    }
  __builtin_memcpy(sums + c, a, vectors * sizeof(D));
  __builtin_memcpy(squares + c, b, vectors * sizeof(D));
}

static void FN(channel_moments)(size_t pixels, size_t channels, const void *xv, double *sums, double *squares) {
  const T *x = xv;
  size_t c = 0;
  for (; c + 4 * LANES_D <= channels; c += 4 * LANES_D) FN(moments_block)(4, c, pixels, channels, x, sums, squares);
  for (; c + 2 * LANES_D <= channels; c += 2 * LANES_D) FN(moments_block)(2, c, pixels, channels, x, sums, squares);
  for (; c + LANES_D <= channels; c += LANES_D) FN(moments_block)(1, c, pixels, channels, x, sums, squares);
  for (; c < channels; c++) {
    double a = 0, b = 0;
    for (size_t p = 0; p < pixels; p++) {
      const double wide = (double)x[p * channels + c];
      a = a + wide;
      b = __builtin_fma(wide, wide, b);
    }
    sums[c] = a;
    squares[c] = b;
  }
}
#undef MASKED
#undef EACH_IN_PERIODS
#undef AFFINE
#undef DUAL
#undef RESIDUAL
#undef RECTIFIED
#undef INPUT_GRADIENT
