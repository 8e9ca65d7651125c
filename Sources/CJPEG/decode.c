#include "CJPEG.h"

// EJPEG is defined by the package's trait JPEG.
#if EJPEG
#if !__has_include(<jpeglib.h>)
#error "jpeglib.h is missing: apt-get install libjpeg-dev (the package's trait JPEG needs it)"
#endif
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

// Coefficients that a progressive file keeps: two bytes for each of at most four components of each pixel.
static const long MEMORY_LIMIT = 512L << 20;
// Encoders write about ten scans; each more costs the time of a whole image.
enum { SCAN_LIMIT = 200 };

// Where a fault leads back to, and what it said.
typedef struct {
  struct jpeg_error_mgr base;
  struct jpeg_progress_mgr progress;
  jmp_buf back;
  char *message;
} guard;

static void give_up(j_common_ptr info) {
  guard *g = (guard *)info->err;
  char text[JMSG_LENGTH_MAX];
  g->base.format_message(info, text);
  snprintf(g->message, EJPEG_MESSAGE, "%s", text);
  longjmp(g->back, 1);
}

// Below 0 is a warning, which says that the data is damaged; only these two are about a header's version.
static void weigh_message(j_common_ptr info, int level) {
  const int code = info->err->msg_code;
  if (level < 0 && code != JWRN_ADOBE_XFORM && code != JWRN_JFIF_MAJOR) give_up(info);
}

static void print_nothing(j_common_ptr info) { (void)info; }

static void count_scans(j_common_ptr info) {
  guard *g = (guard *)info->err;
  if (!info->is_decompressor || ((j_decompress_ptr)info)->input_scan_number <= SCAN_LIMIT) return;
  snprintf(g->message, EJPEG_MESSAGE, "more than %d scans", SCAN_LIMIT);
  longjmp(g->back, 1);
}

// a · b / 255, rounded.
static inline uint32_t product255(uint32_t a, uint32_t b) {
  const uint32_t t = a * b + 128;
  return ((t >> 8) + t) >> 8;
}

// Files hold 255 minus the ink, by Adobe's convention, which Pillow supposes of every file of four components:
// channel = K - (255 - C)·K/255, where C and K are the bytes as stored.
static void inks_to_rgb(size_t width, const uint8_t *inks, uint8_t *rgb) {
  for (size_t x = 0; x < width; x++)
    for (size_t c = 0; c < 3; c++) {
      const uint32_t black = inks[4 * x + 3];
      rgb[3 * x + c] = (uint8_t)(black - product255(255u - inks[4 * x + c], black));
    }
}

// Everything between the header and the end marker; leaves by longjmp on a fault.
static ejpeg_status decode_rows(j_decompress_ptr info, size_t pixel_limit, ejpeg_image *image) {
  jpeg_read_header(info, TRUE);
  image->width = info->image_width;
  image->height = info->image_height;
  if (image->width > pixel_limit / image->height) return EJPEG_TOO_LARGE;
  const bool inks = info->num_components == 4;
  info->out_color_space = inks ? JCS_CMYK : JCS_RGB;
  info->dct_method = JDCT_ISLOW;
  info->do_fancy_upsampling = TRUE;
  jpeg_start_decompress(info);
  image->pixels = malloc(image->width * image->height * 3);
  if (!image->pixels) return EJPEG_NO_MEMORY;
  JSAMPARRAY four = inks ? info->mem->alloc_sarray((j_common_ptr)info, JPOOL_IMAGE, 4 * info->image_width, 1) : NULL;
  while (info->output_scanline < info->output_height) {
    uint8_t *row = image->pixels + 3 * image->width * info->output_scanline;
    jpeg_read_scanlines(info, inks ? four : &row, 1);
    if (inks) inks_to_rgb(image->width, four[0], row);
  }
  jpeg_finish_decompress(info);
  return EJPEG_DECODED;
}

ejpeg_status ejpeg_decode(const uint8_t *bytes, size_t count, size_t pixel_limit, ejpeg_image *image,
                          char message[EJPEG_MESSAGE]) {
  memset(image, 0, sizeof *image);
  message[0] = 0;
  struct jpeg_decompress_struct info;
  memset(&info, 0, sizeof info);
  guard g;
  memset(&g, 0, sizeof g);
  info.err = jpeg_std_error(&g.base);
  g.base.error_exit = give_up;
  g.base.emit_message = weigh_message;
  g.base.output_message = print_nothing;
  g.progress.progress_monitor = count_scans;
  g.message = message;
  // Nothing that changes after this is read after a jump but through pointers, so no local needs to be volatile.
  if (setjmp(g.back) != 0) {
    jpeg_destroy_decompress(&info);
    ejpeg_free(image);
    return EJPEG_FAULTY;
  }
  jpeg_create_decompress(&info);
  info.progress = &g.progress;
  info.mem->max_memory_to_use = MEMORY_LIMIT;
  jpeg_mem_src(&info, (unsigned char *)bytes, (unsigned long)count);
  const ejpeg_status status = decode_rows(&info, pixel_limit, image);
  jpeg_destroy_decompress(&info);
  return status;
}

void ejpeg_free(ejpeg_image *image) {
  free(image->pixels);
  image->pixels = NULL;
}
#else
// A translation unit holds at least one declaration.
typedef int ejpeg_is_off;
#endif
