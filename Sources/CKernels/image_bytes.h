// What the transforms of decoded images share.
#ifndef ESCAPEMENT_IMAGE_BYTES_H
#define ESCAPEMENT_IMAGE_BYTES_H
#include <stdint.h>

// ITU-R 601 luma in 16-bit fixed point, rounded.
static inline uint32_t gray(const uint8_t *p) {
  return (p[0] * 19595u + p[1] * 38470u + p[2] * 7471u + 0x8000u) >> 16;
}

// From `ground` at factor 0 to `byte` at factor 1 and beyond. Product and sum are rounded to float, then the result is
// clamped to a byte.
static inline uint8_t blended(uint32_t ground, uint8_t byte, float factor) {
  const float v = (float)ground + factor * (float)((int)byte - (int)ground);
  return v <= 0 ? 0 : v >= 255 ? 255 : (uint8_t)v;
}

#endif
