// Winograd convolution: 3×3 taps, stride 1, padding 1, in Float.
#ifndef EK_WINOGRAD_H
#define EK_WINOGRAD_H
#include "machine.h"

// The convolution of `terms` images with as many weights, summed before the output transform: one chain over the terms'
// channels. `turned`: backward data, with x the output gradients [h][w][co] and y of the input's shape; s is the
// forward pass's shape.
void ek_winograd_forward(const ek_conv *s, bool turned, int terms, const float *const *x, const float *const *weights, float *y,
                         bool accumulate);
void ek_winograd_backward_weight(const ek_conv *s, const float *x, const float *dy, float *dweights);
#endif
