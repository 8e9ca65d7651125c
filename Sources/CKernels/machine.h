// Shared by the leaves and the drivers: the table of leaves of one instruction set, fork-join, floating-point mode.
#ifndef EK_MACHINE_H
#define EK_MACHINE_H
#include "CKernels.h"

static inline size_t ek_min(size_t a, size_t b) { return a < b ? a : b; }
static inline size_t ek_max(size_t a, size_t b) { return a > b ? a : b; }
static inline size_t ek_size(ek_type t) { return t == EK_F32 ? 4 : 8; }

// A range of the contraction index k in which operand A is read with one stride. Between ranges k may have gaps: places
// that are not terms.
typedef struct {
  ptrdiff_t offset;  // elements from the row's base to the range's first element
  size_t k;          // k of the range's first element, which is a row of B
  size_t length;
} ek_run;

// k in chunks of EK_CHUNK: the runs of chunk c are runs[first[c]] .. runs[first[c + 1] - 1].
enum { EK_CHUNK = 512, EK_LANES = 32, EK_TREE_DEPTH = 48 };

// Rows of a product that are a constant stride apart: where the first is read and where it is written, in elements.
typedef struct {
  ptrdiff_t from, to;
} ek_group;

// What a tile does with the values in its output.
typedef enum { EK_REPLACE = 0, EK_RESUME = 1, EK_ADD_TO = 2 } ek_store;

// The leaves of Winograd convolution, in Float. Images are divided into strips of four rows, a strip into tiles of 4 ×
// 4 pixels; a tile has 36 points. Point p of v, d and z is `plane` elements after point p - 1; a plane contains tiles
// of c channels each.
typedef struct {
  // Rows first ..< last of U = G g Gᵀ for k input and n output channels, in panels of one or two vectors of columns:
  // u[point][panel][k][column]. `turned`: uses the weights [3][3][n][k] rotated by 180° and transposed.
  void (*weights)(size_t first, size_t last, size_t k, size_t n, const float *w, bool turned, float *u);
  // V = Bᵀ d B of one strip of a sample. `zeros` is a row of zeros, `lines` [6][w + 2][c] with zeros in its first and last column.
  void (*input)(size_t h, size_t w, size_t c, const float *x, size_t strip, const float *zeros, float *lines, float *v,
                size_t plane);
  // D = A dy Aᵀ of one strip of output gradients.
  void (*gradient)(size_t w, size_t c, const float *dy, float *d, size_t plane);
  // At one point: z[tile][n] = Σ over k of v[tile][k] · u[k][n]; with `resume` the chain continues from the values in
  // z.
  void (*product)(bool resume, size_t k, size_t tiles, size_t n, const float *v, const float *u, float *z);
  // At one point: z[ci][co] = Σ over tiles of v[tile][ci] · d[tile][co], with `resume` as above.
  void (*outer)(bool resume, size_t ci, size_t co, size_t tiles, const float *v, const float *d, float *z);
  // y = Aᵀ z A of one strip, or y + Aᵀ z A with the sum rounded separately.
  void (*output)(bool accumulate, size_t w, size_t c, const float *z, size_t plane, float *y);
  // dw[9][count] = Gᵀ z G for `count` pairs of channels.
  void (*weight_gradient)(size_t count, const float *z, size_t plane, float *dw);
} ek_winograd;

// The leaves of one instruction set for one element type.
typedef struct {
  size_t vector;     // lanes
  size_t height;     // rows of a group
  size_t groups[2];  // the most groups in a tile, with a panel of one vector and of two
  size_t tall[2];    // groups of nine rows in a tile (0: none)
  // Row i of group g, column j < vectors · vector: one fma chain over the runs of a[places[g].from + i rs + run.offset
  // + t cs] · b[(run.k + t) ldb + j], t < run.length, stored at out[places[g].to + i ldo + j]. The chain starts at +0,
  // or with EK_RESUME at the value in out; EK_ADD_TO adds the value there to the end of the chain. With `height` rows
  // per group a tile takes 1 to `groups` groups; with fewer rows, one group; with nine rows (rs = 1), `tall` groups.
  void (*tile)(size_t height, size_t groups, size_t vectors, const ek_group *places, ptrdiff_t rs, ptrdiff_t cs,
               const ek_run *runs, size_t run_count, const void *a, const void *b, size_t ldb, void *out, size_t ldo,
               ek_store store);
  // out[k width + i] = a[i rs + k] for i < 4, k < count.
  void (*transpose_rows)(size_t count, const void *a, ptrdiff_t rs, void *out, size_t width);
  void (*map)(ek_unary op, size_t count, const void *x, void *y);
  void (*zip)(ek_binary op, size_t count, const void *x, const void *y, void *z);
  void (*zip_scalar)(ek_binary op, size_t count, const void *x, double s, void *z);
  void (*axpy)(size_t count, double s, const void *x, void *y);
  void (*add_scaled)(size_t count, const void *w, double s, const void *g, void *y);
  void (*sgd)(size_t count, double lr, double momentum, double decay, bool first, const void *g, void *b, void *w);
  // 32 lanes over `count` elements `stride` apart, folded; y == NULL sums x.
  double (*lanes)(size_t count, const void *x, const void *y);
  // One chain per channel over `pixels` rows in double: sums[c] of x (y == NULL), of x·y, or of (x - y[c])² when
  // `centered` (y then holds one value per channel).
  void (*channel_chain)(size_t pixels, size_t channels, const void *x, const void *y, double *sums);
  void (*channel_chain_squares)(size_t pixels, size_t channels, const void *x, const double *center, double *sums);
  void (*pool_mean)(size_t pixels, size_t channels, const void *x, void *y);
  // Batch norm, whose per-channel arrays are repeated to `period` elements: see ek_normalize and the functions after
  // it.
  void (*normalize)(size_t count, size_t period, const void *x, const ek_normalization *laid, const void *residual,
                    bool rectified, void *y);
  void (*normalize_dual)(size_t count, size_t period, const void *x, const void *x_tangent, const ek_normalization *laid,
                         const void *gain_tangent, const void *shift_tangent, const void *residual,
                         const void *residual_tangent, bool rectified, void *y, void *y_tangent);
  void (*normalize_gradient_input)(size_t count, size_t period, const void *g, ek_rectifier rectifier, const void *x,
                                   const void *y, const ek_normalization *laid, const void *along1,
                                   const void *along_output, const void *scale, void *dx);
  // One chain per channel: sums of the tangent of the gradient (of the gradient itself without tangents), of its
  // products with the normalized input and, with tangents, of the products of the gradient with the normalized input's
  // tangent.
  void (*normalize_gradient)(size_t pixels, size_t channels, const ek_normalization *norm, const ek_normalize_pass *s);
  // One chain per channel of x and one of x².
  void (*channel_moments)(size_t pixels, size_t channels, const void *x, double *sums, double *squares);
  const ek_winograd *winograd;  // NULL for Double, whose convolutions are direct
} ek_leaf;

extern const ek_leaf ek_leaf_scalar_f32, ek_leaf_scalar_f64;
#if defined(__x86_64__)
extern const ek_leaf ek_leaf_avx2_f32, ek_leaf_avx2_f64, ek_leaf_avx512_f32, ek_leaf_avx512_f64;
#elif defined(__aarch64__)
extern const ek_leaf ek_leaf_neon_f32, ek_leaf_neon_f64;
#endif
// The leaves of the calling thread's current instruction set.
const ek_leaf *ek_leaf_current(ek_type t);

// Sets round to nearest, with denormals kept. Returns the previous mode, for ek_float_mode_restore.
uint64_t ek_float_mode_enter(void);
void ek_float_mode_restore(uint64_t mode);

// Memory of its own, 64-byte aligned, or NULL; free() returns it. Blocks of 2 MiB or more begin at a multiple of 2 MiB,
// and Linux is asked to back them by huge pages: a training step passes over hundreds of MiB in order, for which the
// translations of 4 KiB pages do not fit the processor's tables.
void *ek_block_allocate(size_t size);

// Scratch memory; ends the process with a one-line message when memory is exhausted.
void *ek_scratch(size_t bytes);
#endif
