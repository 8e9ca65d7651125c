// Winograd convolution F(4×4, 3×3) of one instruction set, in Float; included by leaf_body.h.
//
// A tile of 4 × 4 outputs is Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A with d the 6 × 6 inputs around it and g the 3 × 3 weights (Lavin
// and Gray 2016), here at the points 0, ±√½, ±√2 and ∞, whose rounding error is a third of that of 0, ±1, ±2, ∞.
// Documentation/Numerics.md specifies the order of operations for one lane. Neither the number of lanes nor the number
// of tiles computed at once changes a bit.
#define AI static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")
#define LOAD(p) (*(const V *)(p))
#define STORE(p, v) (*(V *)(p) = (v))
#define SPLAT(c) ((V){0} + (float)(c))
#define MULTIPLY_ADD(a, b, c) __builtin_elementwise_fma(SPLAT(a), b, c)
#define ROOT_HALF 0x1.6a09e667f3bcdp-1
#define ROOT_TWO 0x1.6a09e667f3bcdp+0

// ---- The transforms along one axis ---------------------------------------------------------------

// t = Bᵀ d: six inputs, six points.
AI void FN(to_points)(const V *d, V *t) {
  t[0] = MULTIPLY_ADD(-2.5, d[2], d[0]) + d[4];
  const V a = MULTIPLY_ADD(-2, d[2], d[4]), b = MULTIPLY_ADD(-2, d[1], d[3]);
  t[1] = MULTIPLY_ADD(ROOT_HALF, b, a);
  t[2] = MULTIPLY_ADD(-ROOT_HALF, b, a);
  const V c = MULTIPLY_ADD(-0.5, d[2], d[4]), e = MULTIPLY_ADD(-0.5, d[1], d[3]);
  t[3] = MULTIPLY_ADD(ROOT_TWO, e, c);
  t[4] = MULTIPLY_ADD(-ROOT_TWO, e, c);
  t[5] = MULTIPLY_ADD(-2.5, d[3], d[1]) + d[5];
}

// y = Aᵀ z: six points, four outputs.
AI void FN(to_outputs)(const V *z, V *y) {
  const V s = z[1] + z[2], d = z[1] - z[2], s2 = z[3] + z[4], d2 = z[3] - z[4];
  y[0] = (z[0] + s) + s2;
  y[1] = SPLAT(ROOT_TWO) * MULTIPLY_ADD(0.5, d, d2);
  y[2] = SPLAT(2) * MULTIPLY_ADD(0.25, s, s2);
  y[3] = MULTIPLY_ADD(2 * ROOT_TWO, MULTIPLY_ADD(0.125, d, d2), z[5]);
}

// t = A y: four output gradients, six points.
AI void FN(gradient_to_points)(const V *y, V *t) {
  const V e = MULTIPLY_ADD(0.5, y[2], y[0]), o = MULTIPLY_ADD(0.5, y[3], y[1]);
  const V e2 = MULTIPLY_ADD(2, y[2], y[0]), o2 = MULTIPLY_ADD(2, y[3], y[1]);
  t[0] = y[0];
  t[1] = MULTIPLY_ADD(ROOT_HALF, o, e);
  t[2] = MULTIPLY_ADD(-ROOT_HALF, o, e);
  t[3] = MULTIPLY_ADD(ROOT_TWO, o2, e2);
  t[4] = MULTIPLY_ADD(-ROOT_TWO, o2, e2);
  t[5] = y[3];
}

// g = Gᵀ z: six points, three weight gradients.
AI void FN(to_weights)(const V *z, V *g) {
  const V s = z[1] + z[2], d = z[1] - z[2], s2 = z[3] + z[4], d2 = z[3] - z[4];
  g[0] = MULTIPLY_ADD(-2.0 / 3, s, MULTIPLY_ADD(1.0 / 6, s2, z[0]));
  g[1] = MULTIPLY_ADD(ROOT_TWO / 6, d2, SPLAT(-ROOT_TWO / 3) * d);
  g[2] = MULTIPLY_ADD(1.0 / 3, s2 - s, z[5]);
}

// z = G g of `WIDTH` columns at once, in Double: three weights, six points, which are `gap` and `z_gap` elements apart.
enum { FN(WIDTH) = 16 };
#define WIDTH FN(WIDTH)
AI void FN(weights_to_points)(const double *g, const int gap, double *z, const int z_gap) {
  for (int l = 0; l < WIDTH; l++) {
    const double g0 = g[l], g1 = g[gap * WIDTH + l], g2 = g[2 * gap * WIDTH + l];
    const double e = __builtin_fma(0.5, g2, g0), o = ROOT_HALF * g1, e2 = __builtin_fma(2, g2, g0), o2 = ROOT_TWO * g1;
    z[l] = g0;
    z[z_gap * WIDTH + l] = (e + o) * (-2.0 / 3);
    z[2 * z_gap * WIDTH + l] = (e - o) * (-2.0 / 3);
    z[3 * z_gap * WIDTH + l] = (e2 + o2) * (1.0 / 6);
    z[4 * z_gap * WIDTH + l] = (e2 - o2) * (1.0 / 6);
    z[5 * z_gap * WIDTH + l] = g2;
  }
}

// Columns of a panel of the weights: two vectors if they divide the columns.
AI size_t FN(panel)(size_t columns) { return columns % (2 * LANES_V) == 0 ? 2 * LANES_V : LANES_V; }

static void FN(winograd_weights)(size_t first, size_t last, size_t k, size_t n, const float *w, bool turned, float *u) {
  const size_t width = FN(panel)(n), piece = width < WIDTH ? width : WIDTH;
  for (size_t c = 0; c < n; c += WIDTH)
    for (size_t r = first; r < last; r++) {
      double g[9 * WIDTH], half[18 * WIDTH], z[36 * WIDTH];
      for (size_t tap = 0; tap < 9; tap++) {
        const float *from = turned ? w + ((8 - tap) * n + c) * k + r : w + (tap * k + r) * n + c;
        const size_t gap = turned ? k : 1;
        for (size_t l = 0; l < WIDTH; l++) g[tap * WIDTH + l] = from[l * gap];
      }
      for (int x = 0; x < 3; x++) FN(weights_to_points)(g + x * WIDTH, 3, half + x * WIDTH, 3);
      for (int y = 0; y < 6; y++) FN(weights_to_points)(half + 3 * y * WIDTH, 1, z + 6 * y * WIDTH, 1);
      for (size_t p = 0; p < 36; p++)
        for (size_t l = 0; l < WIDTH; l += piece) {
          float *to = u + ((p * (n / width) + (c + l) / width) * k + r) * width + (c + l) % width;
          for (size_t i = 0; i < piece; i++) to[i] = (float)z[p * WIDTH + l + i];
        }
    }
}

// ---- Products ------------------------------------------------------------------------------------

// `rows` × `vectors` vectors: c (+)= Σ over k of a[i row + k step] · b[k ldb + j], one chain each.
AI void FN(winograd_tile)(const int rows, const int vectors, const bool resume, const size_t length, const float *a, const size_t row,
                          const size_t step, const float *b, const size_t ldb, float *c, const size_t ldc) {
  V acc[12][2];
  UNROLL for (int i = 0; i < rows; i++)
    UNROLL for (int j = 0; j < vectors; j++) acc[i][j] = resume ? LOAD(c + i * ldc + j * LANES_V) : (V){0};
#pragma clang loop unroll_count(2)
  for (size_t k = 0; k < length; k++) {
    V bv[2];
    UNROLL for (int j = 0; j < vectors; j++) bv[j] = LOAD(b + k * ldb + j * LANES_V);
    UNROLL for (int i = 0; i < rows; i++) {
      const V av = a[i * row + k * step] - (V){0};  // x - (+0) is x for every x, -0 included: a broadcast
      UNROLL for (int j = 0; j < vectors; j++) acc[i][j] = __builtin_elementwise_fma(av, bv[j], acc[i][j]);
    }
  }
  UNROLL for (int i = 0; i < rows; i++)
    UNROLL for (int j = 0; j < vectors; j++) STORE(c + i * ldc + j * LANES_V, acc[i][j]);
}

// Rows of a tile; with two vectors of columns they fill the registers.
#if REGISTERS == 32
#define MOST_ROWS 12
#define EACH_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12)
#else
#define MOST_ROWS 6
#define EACH_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6)
#endif

// All `count` rows in tiles of nearly equal height.
AI void FN(winograd_tiles)(const int vectors, const bool resume, const size_t count, const size_t length, const float *a, const size_t row,
                           const size_t step, const float *b, const size_t ldb, float *c, const size_t ldc) {
#define CASE(rows) \
  case rows: FN(winograd_tile)(rows, vectors, resume, length, a + at * row, row, step, b, ldb, c + at * ldc, ldc); break;
  size_t at = 0;
  if (count % MOST_ROWS == 0) {
    for (; at < count; at += MOST_ROWS)
      FN(winograd_tile)(MOST_ROWS, vectors, resume, length, a + at * row, row, step, b, ldb, c + at * ldc, ldc);
    return;
  }
  for (size_t parts = (count + MOST_ROWS - 1) / MOST_ROWS, height; parts > 0; parts--, at += height) {
    height = (count - at + parts - 1) / parts;
    switch (height) {
      EACH_ROWS(CASE)
    default: __builtin_trap();
    }
  }
#undef CASE
}

AI void FN(product_of)(const size_t k, const int vectors, const bool resume, size_t tiles, size_t n, const float *v, const float *u, float *z) {
  const size_t width = vectors * LANES_V;
  for (size_t c = 0; c < n; c += width) FN(winograd_tiles)(vectors, resume, tiles, k, v, k, 1, u + c * k, width, z + c, n);
}

AI void FN(outer_of)(const size_t co, const int vectors, const bool resume, size_t ci, size_t tiles, const float *v, const float *d, float *z) {
  const size_t width = vectors * LANES_V;
  for (size_t c = 0; c < co; c += width) FN(winograd_tiles)(vectors, resume, ci, tiles, v, 1, ci, d + c, co, z + c, co);
}

// The compiler knows the widths of CIFAR's ResNets, so that rows are at constant distances.
#define EACH_WIDTH(X) X(16) X(32) X(64)
#define PRODUCTS(width) \
  static __attribute__((noinline)) void FN(product_##width)(bool resume, int vectors, size_t tiles, size_t n, const float *v, const float *u, float *z) { \
    if (vectors == 2 && resume) FN(product_of)(width, 2, true, tiles, n, v, u, z); \
    else if (vectors == 2) FN(product_of)(width, 2, false, tiles, n, v, u, z); \
    else if (resume) FN(product_of)(width, 1, true, tiles, n, v, u, z); \
    else FN(product_of)(width, 1, false, tiles, n, v, u, z); \
  } \
  static __attribute__((noinline)) void FN(outer_##width)(bool resume, int vectors, size_t tiles, const float *v, const float *d, float *z) { \
    if (vectors == 2) FN(outer_of)(width, 2, resume, width, tiles, v, d, z); \
    else FN(outer_of)(width, 1, resume, width, tiles, v, d, z); \
  }
EACH_WIDTH(PRODUCTS)

static void FN(winograd_product)(bool resume, size_t k, size_t tiles, size_t n, const float *v, const float *u, float *z) {
  const int vectors = (int)(FN(panel)(n) / LANES_V);
#define PRODUCT(width) case width: FN(product_##width)(resume, vectors, tiles, n, v, u, z); return;
  switch (k) { EACH_WIDTH(PRODUCT) }
#undef PRODUCT
  if (vectors == 2) FN(product_of)(k, 2, resume, tiles, n, v, u, z);
  else FN(product_of)(k, 1, resume, tiles, n, v, u, z);
}

static void FN(winograd_outer)(bool resume, size_t ci, size_t co, size_t tiles, const float *v, const float *d, float *z) {
  const int vectors = (int)(FN(panel)(co) / LANES_V);
#define OUTER(width) case width: FN(outer_##width)(resume, vectors, tiles, v, d, z); return;
  if (ci == co) switch (co) { EACH_WIDTH(OUTER) }
#undef OUTER
  if (vectors == 2) FN(outer_of)(co, 2, resume, ci, tiles, v, d, z);
  else FN(outer_of)(co, 1, resume, ci, tiles, v, d, z);
}

// ---- Tiles of images ---------------------------------------------------------------------------

static void FN(winograd_input)(size_t h, size_t w, size_t c, const float *x, size_t strip, const float *zeros, float *lines, float *v,
                               size_t plane) {
  const size_t line = (w + 2) * c;
  const float *row[6];
  for (size_t r = 0; r < 6; r++) {
    const size_t y = 4 * strip + r;  // one below the image's row, so that the row above it is 0
    row[r] = y < 1 || y > h ? zeros : x + (y - 1) * w * c;
  }
  for (size_t e = 0; e < w * c; e += LANES_V) {
    V d[6], t[6];
    UNROLL for (int r = 0; r < 6; r++) d[r] = LOAD(row[r] + e);
    FN(to_points)(d, t);
    UNROLL for (int r = 0; r < 6; r++) STORE(lines + r * line + c + e, t[r]);
  }
  for (size_t r = 0; r < 6; r++)
    for (size_t tile = 0; tile < w / 4; tile++)
      for (size_t e = 0; e < c; e += LANES_V) {
        V d[6], t[6];
        UNROLL for (int q = 0; q < 6; q++) d[q] = LOAD(lines + r * line + (4 * tile + q) * c + e);
        FN(to_points)(d, t);
        UNROLL for (int q = 0; q < 6; q++) STORE(v + (6 * r + q) * plane + tile * c + e, t[q]);
      }
}

AI void FN(output_of)(const bool accumulate, size_t w, size_t c, const float *z, size_t plane, float *y) {
  for (size_t tile = 0; tile < w / 4; tile++)
    for (size_t e = 0; e < c; e += LANES_V) {
      V half[6][4];
      UNROLL for (int r = 0; r < 6; r++) {
        V d[6];
        UNROLL for (int q = 0; q < 6; q++) d[q] = LOAD(z + (size_t)(6 * r + q) * plane + tile * c + e);
        FN(to_outputs)(d, half[r]);
      }
      UNROLL for (int q = 0; q < 4; q++) {
        V d[6], o[4];
        UNROLL for (int r = 0; r < 6; r++) d[r] = half[r][q];
        FN(to_outputs)(d, o);
        UNROLL for (int r = 0; r < 4; r++) {
          float *to = y + ((size_t)r * w + 4 * tile + q) * c + e;
          STORE(to, accumulate ? LOAD(to) + o[r] : o[r]);
        }
      }
    }
}

static void FN(winograd_output)(bool accumulate, size_t w, size_t c, const float *z, size_t plane, float *y) {
  if (accumulate) FN(output_of)(true, w, c, z, plane, y);
  else FN(output_of)(false, w, c, z, plane, y);
}

static void FN(winograd_gradient)(size_t w, size_t c, const float *dy, float *d, size_t plane) {
  for (size_t tile = 0; tile < w / 4; tile++)
    for (size_t e = 0; e < c; e += LANES_V) {
      V half[4][6];
      UNROLL for (int q = 0; q < 4; q++) {
        V s[4];
        UNROLL for (int r = 0; r < 4; r++) s[r] = LOAD(dy + ((size_t)r * w + 4 * tile + q) * c + e);
        FN(gradient_to_points)(s, half[q]);
      }
      UNROLL for (int r = 0; r < 6; r++) {
        V s[4], t[6];
        UNROLL for (int q = 0; q < 4; q++) s[q] = half[q][r];
        FN(gradient_to_points)(s, t);
        UNROLL for (int q = 0; q < 6; q++) STORE(d + (size_t)(6 * r + q) * plane + tile * c + e, t[q]);
      }
    }
}

static void FN(winograd_weight_gradient)(size_t count, const float *z, size_t plane, float *dw) {
  for (size_t e = 0; e < count; e += LANES_V) {
    V half[6][3];
    UNROLL for (int r = 0; r < 6; r++) {
      V d[6];
      UNROLL for (int q = 0; q < 6; q++) d[q] = LOAD(z + (size_t)(6 * r + q) * plane + e);
      FN(to_weights)(d, half[r]);
    }
    UNROLL for (int q = 0; q < 3; q++) {
      V d[6], g[3];
      UNROLL for (int r = 0; r < 6; r++) d[r] = half[r][q];
      FN(to_weights)(d, g);
      UNROLL for (int r = 0; r < 3; r++) STORE(dw + (size_t)(3 * r + q) * count + e, g[r]);
    }
  }
}

static const ek_winograd FN(winograd) = {
    .weights = FN(winograd_weights), .product = FN(winograd_product), .outer = FN(winograd_outer),
    .input = FN(winograd_input), .output = FN(winograd_output), .gradient = FN(winograd_gradient),
    .weight_gradient = FN(winograd_weight_gradient),
};
#undef AI
#undef UNROLL
#undef LOAD
#undef STORE
#undef SPLAT
#undef MULTIPLY_ADD
#undef ROOT_HALF
#undef ROOT_TWO
#undef WIDTH
#undef MOST_ROWS
#undef EACH_ROWS
#undef EACH_WIDTH
#undef PRODUCTS
