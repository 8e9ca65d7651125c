// Sums in a fixed order: 32 lanes over vectors and rows, chains and trees over the batch.
#include "batch_sum.h"

double ek_sum(ek_type t, size_t count, const void *x) {
  uint64_t mode = ek_float_mode_enter();
  double sum = ek_leaf_current(t)->lanes(count, x, NULL);
  ek_float_mode_restore(mode);
  return sum;
}

double ek_dot(ek_type t, size_t count, const void *x, const void *y) {
  uint64_t mode = ek_float_mode_enter();
  double sum = ek_leaf_current(t)->lanes(count, x, y);
  ek_float_mode_restore(mode);
  return sum;
}

void ek_row_sums(ek_type t, size_t rows, size_t columns, const void *x, void *sums) {
  const ek_leaf *leaf = ek_leaf_current(t);
  uint64_t mode = ek_float_mode_enter();
  for (size_t r = 0; r < rows; r++) {
    double sum = leaf->lanes(columns, (const char *)x + r * columns * ek_size(t), NULL);
    if (t == EK_F32) ((float *)sums)[r] = (float)sum;
    else ((double *)sums)[r] = sum;
  }
  ek_float_mode_restore(mode);
}

#define LARGEST(T) \
  const T *v = (const T *)x + r * columns; \
  size_t best = 0; \
  bool nan = columns == 0 || v[0] != v[0]; \
  for (size_t c = 1; c < columns; c++) { \
    nan |= v[c] != v[c]; \
    if (v[c] > v[best]) best = c; \
  }

void ek_row_maxima(ek_type t, size_t rows, size_t columns, const void *x, void *maxima) {
  uint64_t mode = ek_float_mode_enter();  // denormals are not zeros in a comparison either
  for (size_t r = 0; r < rows; r++)
    if (t == EK_F32) {
      LARGEST(float)
      ((float *)maxima)[r] = nan ? __builtin_nanf("") : v[best];
    } else {
      LARGEST(double)
      ((double *)maxima)[r] = nan ? __builtin_nan("") : v[best];
    }
  ek_float_mode_restore(mode);
}

void ek_row_argmax(ek_type t, size_t rows, size_t columns, const void *x, int64_t *indices) {
  uint64_t mode = ek_float_mode_enter();  // denormals are not zeros in a comparison either
  for (size_t r = 0; r < rows; r++)
    if (t == EK_F32) {
      LARGEST(float)
      indices[r] = nan ? -1 : (int64_t)best;
    } else {
      LARGEST(double)
      indices[r] = nan ? -1 : (int64_t)best;
    }
  ek_float_mode_restore(mode);
}

bool ek_all_finite(ek_type t, size_t count, const void *x) {
  // Tests for an exponent of all ones, in integer arithmetic, so that no floating-point mode matters.
  uint64_t found = 0;
  if (t == EK_F32) {
    const uint32_t *bits = x;
    for (size_t i = 0; i < count; i++) found |= (bits[i] & 0x7f800000u) == 0x7f800000u;
  } else {
    const uint64_t *bits = x;
    for (size_t i = 0; i < count; i++) found |= (bits[i] & 0x7ff0000000000000u) == 0x7ff0000000000000u;
  }
  return found == 0;
}

// ---- Per channel, over the batch (rule 2) -------------------------------------------------------

typedef struct {
  size_t n, pixels, count, group;
  ek_chain chain;
  const void *context;
  double *partials;  // [groups][count]
} batch_job;

// partials[0] += … by adjacent pairs over `terms` rows of `count`.
static void tree(size_t terms, size_t count, double *partials) {
  for (size_t step = 1; step < terms; step *= 2)
    for (size_t i = 0; i + step < terms; i += 2 * step)
      for (size_t c = 0; c < count; c++) partials[i * count + c] += partials[(i + step) * count + c];
}

static void batch_task(void *context, size_t index) {
  const batch_job *j = context;
  const size_t first = index * j->group, samples = ek_min(j->group, j->n - first), pixels = samples * j->pixels;
  const size_t chains = (pixels + EK_CHUNK - 1) / EK_CHUNK, bytes = chains * j->count * sizeof(double);
  double *sums = ek_scratch(bytes);
  for (size_t chain = 0; chain < chains; chain++) {
    const size_t start = chain * EK_CHUNK;
    j->chain(j->context, first * j->pixels + start, ek_min(EK_CHUNK, pixels - start), sums + chain * j->count);
  }
  tree(chains, j->count, sums);
  __builtin_memcpy(j->partials + index * j->count, sums, j->count * sizeof(double));
  ek_pool_give(sums, bytes);
}

void ek_batch_sum(size_t n, size_t pixels, size_t count, ek_chain chain, const void *context, double *sums) {
  if (count == 0) return;
  if (n * pixels == 0) {
    for (size_t c = 0; c < count; c++) sums[c] = 0;
    return;
  }
  batch_job j = {.n = n, .pixels = pixels, .count = count, .group = ek_group_samples(pixels), .chain = chain,
                 .context = context};
  const size_t groups = (n + j.group - 1) / j.group, bytes = groups * count * sizeof(double);
  j.partials = ek_scratch(bytes);
  ek_parallel(groups, batch_task, &j);
  uint64_t mode = ek_float_mode_enter();
  tree(groups, count, j.partials);
  ek_float_mode_restore(mode);
  __builtin_memcpy(sums, j.partials, count * sizeof(double));
  ek_pool_give(j.partials, bytes);
}

typedef struct {
  const ek_leaf *leaf;
  size_t size, channels;
  const char *x, *y;
  const double *center;
} channel_job;

static void channel_chain(const void *context, size_t first, size_t pixels, double *sums) {
  const channel_job *j = context;
  const size_t at = first * j->channels * j->size;
  if (j->center) j->leaf->channel_chain_squares(pixels, j->channels, j->x + at, j->center, sums);
  else j->leaf->channel_chain(pixels, j->channels, j->x + at, j->y ? j->y + at : NULL, sums);
}

static void moments_chain(const void *context, size_t first, size_t pixels, double *sums) {
  const channel_job *j = context;
  j->leaf->channel_moments(pixels, j->channels, j->x + first * j->channels * j->size, sums, sums + j->channels);
}

static void channel_reduce(ek_type t, size_t n, size_t pixels, size_t channels, const void *x, const void *y,
                           const double *center, double *sums) {
  channel_job j = {.leaf = ek_leaf_current(t), .size = ek_size(t), .channels = channels, .x = x, .y = y, .center = center};
  ek_batch_sum(n, pixels, channels, channel_chain, &j, sums);
}

void ek_channel_sums(ek_type t, size_t n, size_t pixels, size_t channels, const void *x, double *sums) {
  channel_reduce(t, n, pixels, channels, x, NULL, NULL, sums);
}

void ek_channel_dots(ek_type t, size_t n, size_t pixels, size_t channels, const void *x, const void *y, double *sums) {
  channel_reduce(t, n, pixels, channels, x, y, NULL, sums);
}

void ek_channel_powers(ek_type t, size_t n, size_t pixels, size_t channels, const void *x, double *sums, double *squares) {
  channel_job j = {.leaf = ek_leaf_current(t), .size = ek_size(t), .channels = channels, .x = x};
  const size_t bytes = ek_max(2 * channels * sizeof(double), 1);
  double *both = ek_scratch(bytes);
  ek_batch_sum(n, pixels, 2 * channels, moments_chain, &j, both);
  __builtin_memcpy(sums, both, channels * sizeof(double));
  __builtin_memcpy(squares, both + channels, channels * sizeof(double));
  ek_pool_give(both, bytes);
}

void ek_channel_squares(ek_type t, size_t n, size_t pixels, size_t channels, const void *x, const double *mean,
                        double *squares) {
  channel_reduce(t, n, pixels, channels, x, NULL, mean, squares);
}

void ek_moments_of_powers(size_t channels, double count, double *mean, double *variance) {
  const uint64_t mode = ek_float_mode_enter();
  for (size_t c = 0; c < channels; c++) mean[c] /= count;
  for (size_t c = 0; c < channels; c++) {
    double v = __builtin_fma(-mean[c], mean[c], variance[c] / count);
    variance[c] = v < 0 ? 0 : v;
  }
  ek_float_mode_restore(mode);
}

void ek_channel_moments(ek_type t, size_t n, size_t pixels, size_t channels, const void *x, double *mean,
                        double *variance) {
  const double count = (double)(n * pixels);
  if (t == EK_F32) {
    ek_channel_powers(t, n, pixels, channels, x, mean, variance);
    ek_moments_of_powers(channels, count, mean, variance);
    return;
  }
  const uint64_t mode = ek_float_mode_enter();
  channel_reduce(t, n, pixels, channels, x, NULL, NULL, mean);
  for (size_t c = 0; c < channels; c++) mean[c] /= count;
  channel_reduce(t, n, pixels, channels, x, NULL, mean, variance);
  for (size_t c = 0; c < channels; c++) variance[c] /= count;
  ek_float_mode_restore(mode);
}
