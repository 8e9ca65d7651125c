// One HTTP GET through libcurl, which is loaded when it is first needed.
//
// libcurl is opened at run time instead of linked: only one command needs it, so nothing else in the package asks for
// its development files to build, nor for the library (and the forty that it brings) to start, and an executable with
// a statically linked Swift library still links. The calls are made in C because the setter of options is variadic.
#ifndef ESCAPEMENT_CCURL_H
#define ESCAPEMENT_CCURL_H
#include <stddef.h>

// What to ask for, and who receives the answer.
typedef struct {
  // The address; http and https alone are spoken.
  const char *url;
  // Values of the fields Range and If-Range; NULL leaves a field out.
  const char *range, *if_range;
  // A file of trusted certificates instead of the library's own; NULL for these.
  const char *certificates;
  // Redirections that are followed; from https to https alone.
  long redirects;
  // Handed to the three functions below.
  void *context;
  // One line of a response's head, line end included; another result than `count` ends the transfer.
  size_t (*head)(const char *bytes, size_t count, void *context);
  // A piece of the body; another result than `count` ends the transfer.
  size_t (*body)(const char *bytes, size_t count, void *context);
  // Called about once a second, whatever happens; another result than 0 ends the transfer.
  int (*tick)(void *context);
} ec_request;

// How a transfer ended.
typedef struct {
  // 0 when the whole answer was received, otherwise libcurl's number.
  int code;
  // The reason in libcurl's words; empty for 0.
  char reason[256];
} ec_outcome;

// Loads libcurl. NULL, or why that failed.
const char *ec_load(void);

// Performs the request, after a successful ec_load; returns when it has ended.
ec_outcome ec_get(const ec_request *request);

#endif
