// Shared by matmul and the convolutions: the contraction index as runs, and products of rows with panels.
#ifndef EK_CONTRACTION_H
#define EK_CONTRACTION_H
#include "machine.h"

// The contraction index as runs of constant stride, cut at chunk borders. Places in no run are not terms, but they
// count when the index is divided into chunks; a chunk without terms sums to +0.
typedef struct {
  ek_run *runs;
  size_t *first;  // first run of each chunk, and one past the last run
  size_t chunks;
  size_t length;  // of the whole index
  void *memory;
  size_t bytes;
} ek_plan;

// An index of `length` places with the given runs, k ascending, read with stride cs.
ek_plan ek_plan_make(size_t length, size_t count, const ek_run *runs, ptrdiff_t cs);
void ek_plan_free(ek_plan *p);

// B in panels of one vector of columns, or of two where B is wider; the last panel is filled up with zeros. Panel j
// starts at data + j · stride, and each of its rows starts ldb elements after the one before.
typedef struct {
  const char *data;
  size_t ldb, stride;
  size_t vectors, width, count;  // of a panel, and the number of panels
  void *memory;  // of the copy, NULL where B is used in place
  size_t bytes;
} ek_panels;

// Panels for n columns, into which nothing has been copied yet.
ek_panels ek_panels_of(const ek_leaf *leaf, size_t n);
// The panels of b[k][n] at (r, c) ↦ b[r rs + c cs]; copied in parallel unless they already have this layout.
ek_panels ek_panels_make(const ek_leaf *leaf, ek_type t, size_t k, size_t n, const void *b, size_t rs, size_t cs);
void ek_panels_free(ek_panels *p);
// Copies rows × columns of b at (r, c) ↦ b[r rs + c cs] into a panel of `width` columns filled up with zeros.
void ek_pack(const ek_leaf *leaf, ek_type t, size_t rows, size_t columns, size_t width, const void *b, size_t rs, size_t cs, void *to);

// Rows of a product: `count` groups of leaf->height rows, and `rest_count` groups of `rest_height` (fewer, or 9).
typedef struct {
  ek_group *groups;
  size_t count;
  ek_group *rests;
  size_t rest_count, rest_height;
  size_t most;  // the most groups in a tile; 0: as many as it can take
} ek_rows;

// A product of rows with panels.
typedef struct {
  const ek_leaf *leaf;
  ek_type t;
  const ek_plan *plan;
  ptrdiff_t rs, cs;  // strides of A along a group's rows and along the contraction index
  ek_panels b;
  size_t columns;    // of the result
  size_t ldo;        // between a group's rows in the result
  bool accumulate;
} ek_product;

// The number of tiles in a whole panel's product.
size_t ek_tiles(const ek_rows *rows, const ek_leaf *leaf, size_t vectors);

// Memory that will be needed soon: each tile prefetches some of its lines, so that it arrives while they compute.
typedef struct {
  const char *from, *end;
} ek_stretch;

typedef struct {
  ek_stretch read[2], written;
  size_t bytes;  // of each, per tile
} ek_ahead;

// The product of all rows with panel `panel`; the groups' places are relative to a and out.
void ek_multiply(const ek_product *p, const ek_rows *rows, size_t panel, const void *a, void *out, ek_ahead *ahead);

// Some of a result's rows, with their own product.
typedef struct {
  ek_product product;
  ek_rows rows;
} ek_part;

enum { EK_SEGMENT = 128 };  // places of a segment; runs that begin in it are processed whole

// The products of all parts with all panels. The contraction index is processed in segments short enough that what a
// segment reads of A and B stays in the first-level cache for all tiles. The parts must cover a result of `span`
// elements without gaps, its columns must be whole panels, and the parts may differ only in their rows and in which
// places of the index are terms.
void ek_multiply_segments(const ek_part *parts, size_t count, const void *a, void *out, size_t span, ek_ahead *ahead);
// One tile of the product, of which only the first `valid` rows are stored.
void ek_multiply_tile(const ek_product *p, size_t height, size_t groups, const ek_group *places, size_t valid,
                      size_t panel, const void *a, void *out);
#endif
