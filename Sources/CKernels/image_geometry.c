// Operations on an image's pixels and their neighbors, as in Pillow: windows, affine transforms, sharpness, blur.
#include "CImages.h"
#include "image_bytes.h"
#include "machine.h"

void ek_image_window(size_t side, size_t pad, const uint8_t *planes, size_t dy, size_t dx, bool flip, uint8_t *y) {
  for (size_t r = 0; r < side; r++)
    for (size_t c = 0; c < side; c++) {
      // In coordinates of the padded image; the window is flipped, not the image.
      const size_t row = r + dy, column = (flip ? side - 1 - c : c) + dx;
      const bool inside = row >= pad && row < pad + side && column >= pad && column < pad + side;
      for (size_t channel = 0; channel < 3; channel++)
        y[3 * (r * side + c) + channel] =
          inside ? planes[(channel * side + row - pad) * side + column - pad] : 0;
    }
}

void ek_image_erase(size_t width, const ek_window *window, uint8_t *y) {
  for (size_t r = window->top; r < window->top + window->height; r++)
    for (size_t i = 3 * window->left; i < 3 * (window->left + window->width); i++) y[3 * r * width + i] = 0;
}

// ---- Affine transforms ----------------------------------------------------------------------------

static long floored(double v) {
  const long whole = (long)v;
  return v < (double)whole ? whole - 1 : whole;
}

static void copy_pixel(const uint8_t *from, uint8_t fill, uint8_t *to) {
  for (size_t c = 0; c < 3; c++) to[c] = from ? from[c] : fill;
}

// Adds up `step` from `start` on, as Pillow does: output i is taken from the pixel below the i-th sum.
static void nearest_places(double start, double step, size_t count, long *places) {
  for (size_t i = 0; i < count; i++, start += step) places[i] = start < 0 ? -1 : (long)start;
}

static void scale_nearest(size_t width, size_t height, const double *m, uint8_t fill, const uint8_t *x, uint8_t *y) {
  const size_t bytes = (width + height) * sizeof(long);
  long *columns = ek_scratch(bytes), *rows = columns + width;
  nearest_places(m[2] + m[0] * 0.5, m[0], width, columns);
  nearest_places(m[5] + m[4] * 0.5, m[4], height, rows);
  for (size_t r = 0; r < height; r++)
    for (size_t c = 0; c < width; c++) {
      const long row = rows[r], column = columns[c];
      const bool inside = row >= 0 && row < (long)height && column >= 0 && column < (long)width;
      copy_pixel(inside ? x + 3 * ((size_t)row * width + (size_t)column) : NULL, fill, y + 3 * (r * width + c));
    }
  ek_pool_give(columns, bytes);
}

static int64_t fixed_point(double v) { return floored(v * 65536.0 + 0.5); }

static void turn_nearest(size_t width, size_t height, const double *m, uint8_t fill, const uint8_t *x, uint8_t *y) {
  const int64_t across[2] = {fixed_point(m[0]), fixed_point(m[3])}, down[2] = {fixed_point(m[1]), fixed_point(m[4])};
  int64_t start[2] = {fixed_point(m[2] + m[0] * 0.5 + m[1] * 0.5), fixed_point(m[5] + m[3] * 0.5 + m[4] * 0.5)};
  for (size_t r = 0; r < height; r++) {
    int64_t column = start[0], row = start[1];
    for (size_t c = 0; c < width; c++) {
      const int64_t left = column >> 16, top = row >> 16;
      const bool inside = top >= 0 && top < (int64_t)height && left >= 0 && left < (int64_t)width;
      copy_pixel(inside ? x + 3 * ((size_t)top * width + (size_t)left) : NULL, fill, y + 3 * (r * width + c));
      column += across[0];
      row += across[1];
    }
    start[0] += down[0];
    start[1] += down[1];
  }
}

// The cubic through four values at -1, 0, 1 and 2 with a = -1, at d in [0, 1).
static inline double cubic(double v0, double v1, double v2, double v3, double d) {
  const double p2 = -v0 + v2, p3 = 2 * (v0 - v1) + v2 - v3, p4 = -v0 + v1 - v2 + v3;
  return v1 + d * (p2 + d * (p3 + d * p4));
}

static size_t held(long at, size_t count) { return at < 0 ? 0 : at >= (long)count ? count - 1 : (size_t)at; }

static void bicubic(size_t width, size_t height, const double *m, uint8_t fill, const uint8_t *x, uint8_t *y) {
  for (size_t r = 0; r < height; r++)
    for (size_t c = 0; c < width; c++) {
      const double column = (double)c + 0.5, row = (double)r + 0.5;
      double left = m[0] * column + m[1] * row + m[2], top = m[3] * column + m[4] * row + m[5];
      uint8_t *to = y + 3 * (r * width + c);
      if (!(left >= 0 && left < (double)width && top >= 0 && top < (double)height)) {
        copy_pixel(NULL, fill, to);
        continue;
      }
      left -= 0.5;
      top -= 0.5;
      const long first = floored(left) - 1, line = floored(top) - 1;
      const double across = left - (double)(first + 1), down = top - (double)(line + 1);
      size_t columns[4];
      for (long k = 0; k < 4; k++) columns[k] = 3 * held(first + k, width);
      for (size_t channel = 0; channel < 3; channel++) {
        double v[4];
        for (long k = 0; k < 4; k++) {
          // A row below the image repeats the one before it; only the first may lie above.
          if (k > 0 && (line + k < 0 || line + k >= (long)height)) {
            v[k] = v[k - 1];
            continue;
          }
          const uint8_t *p = x + 3 * width * held(line + k, height) + channel;
          v[k] = cubic(p[columns[0]], p[columns[1]], p[columns[2]], p[columns[3]], across);
        }
        const double value = cubic(v[0], v[1], v[2], v[3], down);
        to[channel] = value <= 0 ? 0 : value >= 255 ? 255 : (uint8_t)value;
      }
    }
}

void ek_image_affine(ek_interpolation kind, size_t width, size_t height, const double *m, uint8_t fill,
                     const uint8_t *x, uint8_t *y) {
  const uint64_t mode = ek_float_mode_enter();
  if (kind == EK_BICUBIC) bicubic(width, height, m, fill, x, y);
  else if (m[1] == 0 && m[3] == 0) scale_nearest(width, height, m, fill, x, y);
  else turn_nearest(width, height, m, fill, x, y);
  ek_float_mode_restore(mode);
}

// ---- Filters --------------------------------------------------------------------------------------

void ek_image_sharpen(size_t width, size_t height, float factor, const uint8_t *x, uint8_t *y) {
  const uint64_t mode = ek_float_mode_enter();
  const size_t line = 3 * width;
  for (size_t r = 0; r < height; r++)
    for (size_t i = 0; i < line; i++) {
      const uint8_t *p = x + r * line + i;
      uint32_t ground = *p;
      if (r > 0 && r + 1 < height && i >= 3 && i + 3 < line) {
        uint32_t sum = 4u * *p;
        for (const uint8_t *q = p - line; q <= p + line; q += line) sum += (uint32_t)q[-3] + q[0] + q[3];
        // The nearest integer to sum/13, which is never a half.
        ground = (2 * sum + 13) / 26;
      }
      y[r * line + i] = blended(ground, *p, factor);
    }
  ek_float_mode_restore(mode);
}

// A box of a whole number of pixels to each side, and a part of one more. Weights are multiples of 2^-24.
typedef struct {
  long whole;
  uint32_t weight, edge;
} box;

// The box that, applied three times, has the deviation (Gwosdek et al., SSVM 2011), in Pillow's precision.
static box box_of_deviation(float deviation) {
  const float variance = deviation * deviation / 3.0f;
  const float length = (float)__builtin_elementwise_sqrt(12.0 * (double)variance + 1.0);
  const float whole = (float)floored(((double)length - 1.0) / 2.0);
  float part = (2 * whole + 1) * (whole * (whole + 1) - 3 * variance);
  part /= 6 * (variance - (whole + 1) * (whole + 1));
  const float radius = whole + part;
  box b = {.whole = (long)radius};
  b.weight = (uint32_t)(16777216.0f / (radius * 2 + 1));
  b.edge = ((1u << 24) - (uint32_t)(2 * b.whole + 1) * b.weight) / 2;
  return b;
}

// Filters `count` bytes, `stride` apart, in place. Pixels beyond the ends repeat the last one.
static void box_filter(const box *b, size_t count, size_t stride, uint8_t *y, uint8_t *line) {
  const long n = b->whole;
  for (size_t i = 0; i < count; i++) line[i] = y[i * stride];
  uint32_t sum = 0;
  for (long k = -n - 1; k < n; k++) sum += line[held(k, count)];
  for (size_t i = 0; i < count; i++) {
    const long at = (long)i;
    const uint32_t last = line[held(at - n - 1, count)], next = line[held(at + n, count)];
    sum += next - last;
    const uint32_t far = last + line[held(at + n + 1, count)];
    y[i * stride] = (uint8_t)((sum * b->weight + far * b->edge + (1u << 23)) >> 24);
  }
}

void ek_image_blur(size_t width, size_t height, float deviation, const uint8_t *x, uint8_t *y) {
  const uint64_t mode = ek_float_mode_enter();
  const box b = box_of_deviation(deviation);
  const size_t room = ek_max(width, height);
  uint8_t *line = ek_scratch(room);
  for (size_t i = 0; i < 3 * width * height; i++) y[i] = x[i];
  for (size_t pass = 0; pass < 3; pass++)
    for (size_t r = 0; r < height; r++)
      for (size_t c = 0; c < 3; c++) box_filter(&b, width, 3, y + 3 * r * width + c, line);
  for (size_t pass = 0; pass < 3; pass++)
    for (size_t i = 0; i < 3 * width; i++) box_filter(&b, height, 3 * width, y + i, line);
  ek_pool_give(line, room);
  ek_float_mode_restore(mode);
}
