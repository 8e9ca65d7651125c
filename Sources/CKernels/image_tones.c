// Changes of an image's bytes one by one, as in Pillow: tables, hue.
#include "CImages.h"
#include "machine.h"

static uint8_t clamped(int v) { return v < 0 ? 0 : v > 255 ? 255 : (uint8_t)v; }

// Stretches the range of the bytes that occur to 0...255; a single byte stays.
static void stretch(const size_t *counts, uint8_t *table) {
  int low = 0, high = 255;
  while (low < 255 && counts[low] == 0) low++;
  while (high > 0 && counts[high] == 0) high--;
  const double scale = high > low ? 255.0 / (high - low) : 1, offset = high > low ? -low * scale : 0;
  for (int i = 0; i < 256; i++) table[i] = clamped((int)(i * scale + offset));
}

// The share of smaller bytes, in steps of 1/255 of all but the most frequent place of the largest byte.
static void equalize(const size_t *counts, size_t pixels, uint8_t *table) {
  int high = 255;
  while (high > 0 && counts[high] == 0) high--;
  const size_t step = (pixels - counts[high]) / 255;
  size_t below = step / 2;
  for (int i = 0; i < 256; i++) {
    table[i] = step == 0 ? (uint8_t)i : (uint8_t)ek_min(below / step, 255);
    below += counts[i];
  }
}

void ek_image_tone(ek_tone kind, double level, size_t pixels, const uint8_t *x, uint8_t *y) {
  const uint64_t mode = ek_float_mode_enter();
  size_t counts[3][256] = {{0}};
  uint8_t tables[3][256];
  if (kind == EK_AUTO_CONTRAST || kind == EK_EQUALIZE)
    for (size_t i = 0; i < pixels; i++)
      for (size_t c = 0; c < 3; c++) counts[c][x[3 * i + c]]++;
  for (size_t c = 0; c < 3; c++)
    switch (kind) {
    case EK_POSTERIZE:
      for (int i = 0; i < 256; i++) tables[c][i] = (uint8_t)(i & ~((1 << (8 - (int)level)) - 1));
      break;
    case EK_SOLARIZE:
      for (int i = 0; i < 256; i++) tables[c][i] = (uint8_t)(i < level ? i : 255 - i);
      break;
    case EK_AUTO_CONTRAST: stretch(counts[c], tables[c]); break;
    case EK_EQUALIZE: equalize(counts[c], pixels, tables[c]); break;
    }
  for (size_t i = 0; i < pixels; i++)
    for (size_t c = 0; c < 3; c++) y[3 * i + c] = tables[c][x[3 * i + c]];
  ek_float_mode_restore(mode);
}

// Hue and saturation of a pixel as bytes. The value is its largest byte.
static void hue_saturation(const uint8_t *p, uint8_t largest, uint8_t *hue, uint8_t *saturation) {
  const uint8_t smaller = p[1] < p[2] ? p[1] : p[2], smallest = p[0] < smaller ? p[0] : smaller;
  *hue = *saturation = 0;
  if (largest == smallest) return;
  const float range = (float)(largest - smallest);
  const float r = (float)(largest - p[0]) / range, g = (float)(largest - p[1]) / range,
              b = (float)(largest - p[2]) / range;
  // Sixths of a turn, from red on.
  const float sixths = p[0] == largest   ? b - g
                       : p[1] == largest ? (float)(2.0 + (double)r - (double)b)
                                         : (float)(4.0 + (double)g - (double)r);
  const double turns = (double)sixths / 6.0 + 1.0;
  const float turn = (float)(turns >= 1 ? turns - 1 : turns);
  *hue = clamped((int)((double)turn * 255.0));
  *saturation = clamped((int)((double)(range / (float)largest) * 255.0));
}

// To the nearest integer, halves up; x is not negative.
static uint8_t rounded(double x) {
  const int whole = (int)x;
  return clamped(x - whole >= 0.5 ? whole + 1 : whole);
}

static void from_hue(uint8_t hue, uint8_t saturation, uint8_t value, uint8_t *p) {
  const double sixths = (double)hue * 6.0 / 255.0;
  const int sector = (int)sixths;
  const float past = (float)(sixths - sector), s = (float)saturation / 255.0f;
  const double v = value;
  const uint8_t low = rounded(v * (1.0 - (double)s)), falling = rounded(v * (1.0 - (double)(s * past))),
                rising = rounded(v * (1.0 - (double)s * (1.0 - (double)past)));
  const uint8_t colors[6][3] = {{value, rising, low},  {falling, value, low}, {low, value, rising},
                                {low, falling, value}, {rising, low, value},  {value, low, falling}};
  for (size_t c = 0; c < 3; c++) p[c] = saturation == 0 ? value : colors[sector % 6][c];
}

void ek_image_hue(size_t pixels, uint8_t shift, const uint8_t *x, uint8_t *y) {
  const uint64_t mode = ek_float_mode_enter();
  for (size_t i = 0; i < pixels; i++) {
    const uint8_t *p = x + 3 * i;
    const uint8_t larger = p[1] > p[2] ? p[1] : p[2], largest = p[0] > larger ? p[0] : larger;
    uint8_t hue, saturation;
    hue_saturation(p, largest, &hue, &saturation);
    from_hue((uint8_t)(hue + shift), saturation, largest, y + 3 * i);
  }
  ek_float_mode_restore(mode);
}
