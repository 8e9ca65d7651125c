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

// ---- Augmentation of decoded images: Pillow's operations, bit for bit ------------------------------

// The window at (dy, dx) of a published record of side × side pixels that was padded with `pad` zero bytes on each
// side, flipped left-right when `flip`: y is [side][side][3].
void ek_image_window(size_t side, size_t pad, const uint8_t *planes, size_t dy, size_t dx, bool flip, uint8_t *y);

typedef enum {
  EK_POSTERIZE = 0,     // keeps the highest `level` bits
  EK_SOLARIZE = 1,      // 255 - byte for bytes of at least `level`; all bytes at level 0
  EK_AUTO_CONTRAST = 2, // stretches each channel from its smallest and largest byte to 0 and 255
  EK_EQUALIZE = 3       // maps each channel by its cumulative histogram
} ek_tone;
// Pillow's ImageOps: every channel is mapped through a table of 256 bytes. Only the first two use `level`. In place
// allowed.
void ek_image_tone(ek_tone kind, double level, size_t pixels, const uint8_t *x, uint8_t *y);
// Adds `shift` to the hue modulo 256, through Pillow's HSV bytes. In place allowed.
void ek_image_hue(size_t pixels, uint8_t shift, const uint8_t *x, uint8_t *y);
// From the image smoothed by (1 1 1; 1 5 1; 1 1 1)/13, whose border is the image's own, at factor 0 to the image at 1
// and beyond: Pillow's ImageEnhance.Sharpness.
void ek_image_sharpen(size_t width, size_t height, float factor, const uint8_t *x, uint8_t *y);
// Pillow's GaussianBlur: three box filters of a fractional width along the rows, then three along the columns, each
// rounded to bytes, with weights of 24 bits. `deviation` is above 0.
void ek_image_blur(size_t width, size_t height, float deviation, const uint8_t *x, uint8_t *y);

typedef enum { EK_NEAREST = 0, EK_BICUBIC = 1 } ek_interpolation;
// Pillow's affine transform: the center (c, r) of an output pixel is taken from (m0 c + m1 r + m2, m3 c + m4 r + m5),
// and from `fill` if that lies outside the image. EK_NEAREST adds up m in Double where m1 and m3 are 0, and in 16.16
// fixed point elsewhere; EK_BICUBIC weighs 16 pixels (a = -1) in Double and truncates. Extents are below 2^13.
void ek_image_affine(ek_interpolation kind, size_t width, size_t height, const double *m, uint8_t fill,
                     const uint8_t *x, uint8_t *y);
// Sets a window of an image `width` pixels wide to zero.
void ek_image_erase(size_t width, const ek_window *window, uint8_t *y);

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
