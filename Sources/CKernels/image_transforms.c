// Transforms of decoded images, as in Pillow up to 12: resampling and changes of color. The weights are Double and the
// blends float, every operation rounded separately; everything else is integer arithmetic.
#include "CImages.h"
#include "image_bytes.h"
#include "machine.h"

// Bits of a weight's fraction. Of the 32 bits, the byte uses 8, and 2 hold the sum's sign and overshoot.
enum { FRACTION = 22, HALF = 1 << (FRACTION - 1) };

// The triangle filter along one axis: output i is the sum of weights[i room + k] · input[first[i] + k], k < length[i].
typedef struct {
  size_t room;
  uint32_t *first, *length;
  int32_t *weights;
} filter;

// The filter extends 1 to each side, in coordinates of the coarser of the two grids.
static double support(size_t in, size_t out) {
  const double scale = (double)in / (double)out;
  return scale < 1 ? 1 : scale;
}

static size_t filter_room(size_t in, size_t out) { return 2 * ((size_t)support(in, out) + 1) + 1; }

static size_t filter_bytes(size_t in, size_t out, size_t count) {
  return count * (2 * sizeof(uint32_t) + filter_room(in, out) * sizeof(int32_t));
}

// The filter for outputs start ..< start + count of `out`. `raw` holds the unrounded weights of one output.
static filter filter_fill(char *memory, double *raw, size_t in, size_t out, size_t start, size_t count) {
  filter f = {.room = filter_room(in, out)};
  f.first = (uint32_t *)memory;
  f.length = f.first + count;
  f.weights = (int32_t *)(f.length + count);
  const double scale = (double)in / (double)out, reach = support(in, out), narrowing = 1 / reach;
  for (size_t i = 0; i < count; i++) {
    const double center = ((double)(start + i) + 0.5) * scale;
    // Truncated toward zero; the left end may be before the image.
    const double left = center - reach + 0.5, right = center + reach + 0.5;
    const size_t first = left < 0 ? 0 : (size_t)left, end = ek_min((size_t)right, in);
    double sum = 0;
    for (size_t k = first; k < end; k++) {
      const double distance = ((double)k - center + 0.5) * narrowing, far = distance < 0 ? -distance : distance;
      raw[k - first] = far < 1 ? 1 - far : 0;
      sum += raw[k - first];
    }
    f.first[i] = (uint32_t)first;
    f.length[i] = (uint32_t)(end - first);
    for (size_t k = 0; k < end - first; k++) {
      const double share = sum != 0 ? raw[k] / sum : raw[k];
      f.weights[i * f.room + k] = (int32_t)(0.5 + share * (1 << FRACTION));
    }
  }
  return f;
}

static inline uint8_t clipped(int32_t sum) {
  const int32_t v = sum >> FRACTION;
  return v < 0 ? 0 : v > 255 ? 255 : (uint8_t)v;
}

static void resample_row(const filter *f, size_t columns, const uint8_t *x, uint8_t *y) {
  for (size_t c = 0; c < columns; c++) {
    const uint8_t *p = x + 3 * (size_t)f->first[c];
    const int32_t *w = f->weights + c * f->room;
    int32_t r = HALF, g = HALF, b = HALF;
    for (size_t k = 0; k < f->length[c]; k++) {
      r += p[3 * k] * w[k];
      g += p[3 * k + 1] * w[k];
      b += p[3 * k + 2] * w[k];
    }
    y[3 * c] = clipped(r);
    y[3 * c + 1] = clipped(g);
    y[3 * c + 2] = clipped(b);
  }
}

static size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

void ek_image_resize(size_t width, size_t height, const uint8_t *x, size_t stride, size_t out_width,
                       size_t out_height, const ek_window *keep, uint8_t *y) {
  const uint64_t mode = ek_float_mode_enter();
  const size_t bytes = 3 * keep->width;
  const size_t across_bytes = aligned(filter_bytes(width, out_width, keep->width));
  const size_t down_bytes = aligned(filter_bytes(height, out_height, keep->height));
  const size_t room = ek_max(filter_room(width, out_width), filter_room(height, out_height));
  const size_t raw_bytes = aligned(room * sizeof(double));
  const size_t sum_bytes = aligned(bytes * sizeof(int32_t));
  const size_t weights_bytes = across_bytes + down_bytes + raw_bytes + sum_bytes;
  char *memory = ek_scratch(weights_bytes);
  double *raw = (double *)(memory + across_bytes + down_bytes);
  int32_t *sums = (int32_t *)(memory + across_bytes + down_bytes + raw_bytes);
  const filter across = filter_fill(memory, raw, width, out_width, keep->left, keep->width);
  const filter down = filter_fill(memory + across_bytes, raw, height, out_height, keep->top, keep->height);

  // Rows of the source that contribute to the window, resampled horizontally and rounded to bytes.
  const size_t last = keep->height - 1, top = down.first[0], end = down.first[last] + down.length[last];
  uint8_t *middle = ek_scratch((end - top) * bytes);
  for (size_t r = top; r < end; r++) resample_row(&across, keep->width, x + r * stride, middle + (r - top) * bytes);
  for (size_t r = 0; r < keep->height; r++) {
    for (size_t i = 0; i < bytes; i++) sums[i] = HALF;
    for (size_t k = 0; k < down.length[r]; k++) {
      const uint8_t *line = middle + (down.first[r] + k - top) * bytes;
      const int32_t w = down.weights[r * down.room + k];
      for (size_t i = 0; i < bytes; i++) sums[i] += line[i] * w;
    }
    for (size_t i = 0; i < bytes; i++) y[r * bytes + i] = clipped(sums[i]);
  }
  ek_pool_give(middle, (end - top) * bytes);
  ek_pool_give(memory, weights_bytes);
  ek_float_mode_restore(mode);
}

void ek_image_enhance(ek_enhancement kind, size_t pixels, float factor, const uint8_t *x, uint8_t *y) {
  const uint64_t mode = ek_float_mode_enter();
  uint32_t ground = 0;
  if (kind == EK_CONTRAST) {
    uint64_t sum = 0;
    for (size_t i = 0; i < pixels; i++) sum += gray(x + 3 * i);
    ground = (uint32_t)((2 * sum + pixels) / (2 * pixels));
  }
  for (size_t i = 0; i < pixels; i++) {
    if (kind == EK_SATURATION) ground = gray(x + 3 * i);
    for (size_t c = 0; c < 3; c++) y[3 * i + c] = blended(ground, x[3 * i + c], factor);
  }
  ek_float_mode_restore(mode);
}

void ek_image_normalize(ek_type t, size_t rows, size_t columns, const uint8_t *x, bool flip, const void *table,
                          void *y) {
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < columns; c++) {
      const uint8_t *p = x + 3 * (r * columns + (flip ? columns - 1 - c : c));
      for (size_t channel = 0; channel < 3; channel++) {
        const size_t entry = channel * 256 + p[channel], place = 3 * (r * columns + c) + channel;
        if (t == EK_F32) ((float *)y)[place] = ((const float *)table)[entry];
        else ((double *)y)[place] = ((const double *)table)[entry];
      }
    }
}
