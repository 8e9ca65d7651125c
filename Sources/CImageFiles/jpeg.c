#include "internal.h"

#if EIMAGES
#if !__has_include(<jpeglib.h>)
#error "jpeglib.h is missing: apt-get install libjpeg-dev (the package's trait Images needs it)"
#endif
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

// Coefficients that a progressive file keeps: two bytes for each of at most four components of each pixel.
static const long MEMORY_LIMIT = 512L << 20;
// Encoders write about ten scans; each more costs the time of a whole image. Large images may have fewer.
enum { SCAN_LIMIT = 200 };
static const uint64_t SCANNED_PIXEL_LIMIT = 1ull << 31;

// Where a fault leads back to, and what it said.
typedef struct {
  struct jpeg_error_mgr base;
  struct jpeg_progress_mgr progress;
  struct jpeg_source_mgr source;
  jmp_buf back;
  eimage *image;
} guard;

static void leave(j_common_ptr info, const char *text) {
  guard *g = (guard *)info->err;
  eimage_fail(g->image, text);
  longjmp(g->back, 1);
}

static void give_up(j_common_ptr info) {
  char text[JMSG_LENGTH_MAX];
  info->err->format_message(info, text);
  leave(info, text);
}

// Below 0 is a warning; the rest is a trace.
static void weigh_message(j_common_ptr info, int level) {
  if (level >= 0) return;
  char text[JMSG_LENGTH_MAX];
  info->err->format_message(info, text);
  eimage_warn(((guard *)info->err)->image, text);
}

static void print_nothing(j_common_ptr info) { (void)info; }

static void count_scans(j_common_ptr common) {
  if (!common->is_decompressor) return;
  const j_decompress_ptr info = (j_decompress_ptr)common;
  const uint64_t scans = (uint64_t)info->input_scan_number;
  if (scans <= SCAN_LIMIT && scans * info->image_width * info->image_height <= SCANNED_PIXEL_LIMIT) return;
  char text[64];
  snprintf(text, sizeof text, "more than %d scans", (int)scans - 1);
  leave(common, text);
}

// The whole file is there from the start. At its end libjpeg is told to wait for more, and its calls return without a
// result. (Its own source would make up an end marker, behind which a cut image is gray.)
static void begin(j_decompress_ptr info) { (void)info; }
static boolean have_no_more(j_decompress_ptr info) {
  (void)info;
  return FALSE;
}
static void skip(j_decompress_ptr info, long count) {
  if (count <= 0) return;
  const size_t step = (size_t)count < info->src->bytes_in_buffer ? (size_t)count : info->src->bytes_in_buffer;
  info->src->next_input_byte += step;
  info->src->bytes_in_buffer -= step;
}

static const char CUT[] = "the file ends before the image does";

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
static eimage_status decode_rows(j_decompress_ptr info, size_t pixel_limit, eimage *image) {
  const j_common_ptr common = (j_common_ptr)info;
  if (jpeg_read_header(info, TRUE) == JPEG_SUSPENDED) leave(common, CUT);
  image->width = info->image_width;
  image->height = info->image_height;
  if (image->width > pixel_limit / image->height) return EIMAGE_TOO_LARGE;
  const bool inks = info->num_components == 4;
  info->out_color_space = inks ? JCS_CMYK : JCS_RGB;
  info->dct_method = JDCT_ISLOW;
  info->do_fancy_upsampling = TRUE;
  if (!jpeg_start_decompress(info)) leave(common, CUT);
  if (!eimage_reserve(image)) return EIMAGE_NO_MEMORY;
  JSAMPARRAY four = inks ? info->mem->alloc_sarray(common, JPOOL_IMAGE, 4 * info->image_width, 1) : NULL;
  while (info->output_scanline < info->output_height) {
    uint8_t *row = image->pixels + 3 * image->width * info->output_scanline;
    if (jpeg_read_scanlines(info, inks ? four : &row, 1) == 0) leave(common, CUT);
    if (inks) inks_to_rgb(image->width, four[0], row);
  }
  // All rows are there: a missing end marker does no harm.
  (void)jpeg_finish_decompress(info);
  return EIMAGE_DECODED;
}

eimage_status eimage_decode_jpeg(const uint8_t *bytes, size_t count, size_t pixel_limit, bool upright, eimage *image) {
  memset(image, 0, sizeof *image);
  struct jpeg_decompress_struct info;
  memset(&info, 0, sizeof info);
  guard g;
  memset(&g, 0, sizeof g);
  info.err = jpeg_std_error(&g.base);
  g.base.error_exit = give_up;
  g.base.emit_message = weigh_message;
  g.base.output_message = print_nothing;
  g.progress.progress_monitor = count_scans;
  g.image = image;
  g.source = (struct jpeg_source_mgr){.next_input_byte = bytes,
                                      .bytes_in_buffer = count,
                                      .init_source = begin,
                                      .fill_input_buffer = have_no_more,
                                      .skip_input_data = skip,
                                      .resync_to_restart = jpeg_resync_to_restart,
                                      .term_source = begin};
  // Nothing that changes after this is read after a jump but through pointers, so no local needs to be volatile.
  if (setjmp(g.back) != 0) {
    jpeg_destroy_decompress(&info);
    eimage_free(image);
    return EIMAGE_FAULTY;
  }
  jpeg_create_decompress(&info);
  info.progress = &g.progress;
  info.mem->max_memory_to_use = MEMORY_LIMIT;
  info.src = &g.source;
  const eimage_status status = decode_rows(&info, pixel_limit, image);
  jpeg_destroy_decompress(&info);
  if (status != EIMAGE_DECODED || !upright) return status;
  return eimage_turn(image, eimage_jpeg_orientation(bytes, count)) ? EIMAGE_DECODED : EIMAGE_NO_MEMORY;
}
#else
typedef int eimage_jpeg_is_off;
#endif
