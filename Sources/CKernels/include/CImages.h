// Image transforms and synthetic images. They use integers, and Double or float with every operation rounded
// separately, so the bits are the same on every machine.
#ifndef ESCAPEMENT_CIMAGES_H
#define ESCAPEMENT_CIMAGES_H
#include "CKernels.h"

// ---- Published records --------------------------------------------------------------------------

// Crop, flip and normalize one batch of CIFAR records: `pixels` holds n images as published
// (channel-major planes of side×side bytes), y is [n][side][side][3]. Image i is first padded with
// `pad` zero bytes on each side, then the window at (dy[i], dx[i]) is taken (pad, pad is the image itself),
// flipped left-right when flip[i], and mapped through table[3][256].
void ek_images_prepare(ek_type t, size_t n, size_t side, size_t pad, const uint8_t *const *images,
                       const uint8_t *dy, const uint8_t *dx, const uint8_t *flip, const void *table, void *y);

// ---- Decoded images: rows of interleaved RGB bytes ------------------------------------------------

// A rectangle of pixels.
typedef struct {
  size_t left, top, width, height;
} ek_window;
// Resamples an image of width × height pixels, with `stride` bytes between the starts of its rows, to out_width ×
// out_height, and writes the pixels of `keep`, a window of the result, without gaps. This is the bilinear filter of
// Pillow up to 12: a triangle whose width grows with the reduction, applied horizontally and then vertically with a
// byte in between, with weights rounded to 22 bits. All extents are at least 1.
void ek_image_resize(size_t width, size_t height, const uint8_t *x, size_t stride, size_t out_width,
                     size_t out_height, const ek_window *keep, uint8_t *y);

typedef enum {
  EK_BRIGHTNESS = 0,  // away from black
  EK_CONTRAST = 1,    // away from the image's mean gray, rounded
  EK_SATURATION = 2   // away from each pixel's own gray
} ek_enhancement;
// Pillow's ImageEnhance: ground + factor · (byte - ground) in float, with product and sum rounded separately, clamped
// to 0...255 and truncated toward zero. Gray is (19595 R + 38470 G + 7471 B + 32768) >> 16. In place allowed.
void ek_image_enhance(ek_enhancement kind, size_t pixels, float factor, const uint8_t *x, uint8_t *y);
// Bytes mapped through table[3][256], flipped left-right when `flip`: y is [rows][columns][3].
void ek_image_normalize(ek_type t, size_t rows, size_t columns, const uint8_t *x, bool flip, const void *table,
                        void *y);

// ---- Synthetic images -------------------------------------------------------------------------

// The difficulty of the images of the embedded data set; SyntheticImages.swift describes each setting.
typedef struct {
  double spread;       // standard deviation of every cue's ring coordinate, in distances between classes
  double contrast;     // amplitude of the class's gratings, as a share of full brightness
  double clutter;      // amplitude of the grating that is independent of the class
  double noise;        // standard deviation of the noise of every byte, as a share of full brightness
  uint32_t distractors; // small shapes that are independent of the class, at most 8
} ek_synthetic;
// Draws one image of 3 planes of 32×32 bytes. `stripes` and `shape` in [0, 1) are the positions of its class on two
// rings, which the stripes and the shape (with its colors) show; every random value is a pure function of `key`.
void ek_synthetic_image(uint64_t key, const ek_synthetic *knobs, double stripes, double shape, double spacing,
                        uint8_t *planes);

#endif
