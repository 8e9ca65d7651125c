#include "CCurl.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

// Options and their numbers, part of libcurl's binary interface, which has kept them since version 7.16 (2006).
#define OPTIONS(X) \
  X(URL, 10002) \
  X(WRITEDATA, 10001) \
  X(WRITEFUNCTION, 20011) \
  X(HEADERDATA, 10029) \
  X(HEADERFUNCTION, 20079) \
  X(XFERINFODATA, 10057) \
  X(XFERINFOFUNCTION, 20219) \
  X(NOPROGRESS, 43) \
  X(ERRORBUFFER, 10010) \
  X(HTTPHEADER, 10023) \
  X(USERAGENT, 10018) \
  X(CAINFO, 10065) \
  X(FOLLOWLOCATION, 52) \
  X(MAXREDIRS, 68) \
  X(PROTOCOLS, 181) \
  X(REDIR_PROTOCOLS, 182) \
  X(NOSIGNAL, 99) \
  X(SUPPRESS_CONNECT_HEADERS, 265)

#define DECLARE(name, number) option_##name = number,
enum { OPTIONS(DECLARE) };
enum { global_default = 3, protocol_http = 1, protocol_https = 2 };

// Where the header is installed, it is asked whether the numbers are right.
#if __has_include(<curl/curl.h>)
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
#include <curl/curl.h>
#define HOLD(name, number) _Static_assert((int)CURLOPT_##name == number, "libcurl numbers " #name " otherwise");
OPTIONS(HOLD)
_Static_assert(global_default == CURL_GLOBAL_DEFAULT && protocol_http == CURLPROTO_HTTP, "other bits");
_Static_assert(protocol_https == CURLPROTO_HTTPS && sizeof(curl_off_t) == sizeof(int64_t), "other bits");
#endif

static struct {
  void *library;
  int (*global_init)(long flags);
  void *(*init)(void);
  int (*setopt)(void *handle, int option, ...);
  int (*perform)(void *handle);
  void (*cleanup)(void *handle);
  const char *(*strerror)(int code);
  void *(*append)(void *list, const char *text);
  void (*free_all)(void *list);
} curl;

static bool find(const char *name, void *function) {
  // A data pointer becomes a function pointer, as POSIX asks of dlsym.
  void *symbol = dlsym(curl.library, name);
  memcpy(function, &symbol, sizeof symbol);
  return symbol != NULL;
}

const char *ec_load(void) {
  if (curl.library) return NULL;
  // The second is Debian's build with GnuTLS: the same interface.
  curl.library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  if (!curl.library) curl.library = dlopen("libcurl-gnutls.so.4", RTLD_NOW | RTLD_LOCAL);
  if (!curl.library) return "libcurl.so.4";
  bool whole = find("curl_global_init", &curl.global_init) && find("curl_easy_init", &curl.init) &
               find("curl_easy_setopt", &curl.setopt) && find("curl_easy_perform", &curl.perform) &
               find("curl_easy_cleanup", &curl.cleanup) && find("curl_easy_strerror", &curl.strerror) &
               find("curl_slist_append", &curl.append) && find("curl_slist_free_all", &curl.free_all);
  if (whole && curl.global_init(global_default) == 0) return NULL;
  dlclose(curl.library);
  curl.library = NULL;
  return "a usable libcurl.so.4";
}

static size_t on_head(const char *bytes, size_t size, size_t count, void *request) {
  const ec_request *r = request;
  return r->head(bytes, size * count, r->context);
}

static size_t on_body(const char *bytes, size_t size, size_t count, void *request) {
  const ec_request *r = request;
  return r->body(bytes, size * count, r->context);
}

static int on_tick(void *request, int64_t all, int64_t now, int64_t to_send, int64_t sent) {
  const ec_request *r = request;
  (void)all, (void)now, (void)to_send, (void)sent;
  return r->tick(r->context);
}

// The list with one field more; a value of NULL leaves it as it is.
static void *with_field(void *list, const char *name, const char *value) {
  char line[2048];
  if (!value || snprintf(line, sizeof line, "%s: %s", name, value) >= (int)sizeof line) return list;
  void *longer = curl.append(list, line);
  return longer ? longer : list;
}

ec_outcome ec_get(const ec_request *request) {
  ec_outcome outcome = {0};
  void *handle = curl.library ? curl.init() : NULL;
  if (!handle) {
    outcome.code = -1;
    snprintf(outcome.reason, sizeof outcome.reason, "libcurl cannot start a transfer");
    return outcome;
  }
  void *fields = with_field(with_field(NULL, "Range", request->range), "If-Range", request->if_range);
  bool is_secure = strncasecmp(request->url, "https:", 6) == 0;
  long everywhere = protocol_http | protocol_https;
  // The first option that this libcurl refuses: a transfer without its limits is none.
  int refused = 0;
#define set(option, value) (refused = refused ? refused : curl.setopt(handle, option, value))
  set(option_URL, request->url);
  set(option_PROTOCOLS, everywhere);
  set(option_REDIR_PROTOCOLS, is_secure ? (long)protocol_https : everywhere);
  set(option_FOLLOWLOCATION, 1L);
  set(option_MAXREDIRS, request->redirects);
  set(option_HTTPHEADER, fields);
  set(option_USERAGENT, "escapement");
  if (request->certificates) set(option_CAINFO, request->certificates);
  // Time-outs of name look-ups without SIGALRM.
  set(option_NOSIGNAL, 1L);
  // A proxy's own answer to CONNECT is not the server's.
  set(option_SUPPRESS_CONNECT_HEADERS, 1L);
  set(option_ERRORBUFFER, outcome.reason);
  set(option_HEADERFUNCTION, on_head);
  set(option_HEADERDATA, request);
  set(option_WRITEFUNCTION, on_body);
  set(option_WRITEDATA, request);
  set(option_XFERINFOFUNCTION, on_tick);
  set(option_XFERINFODATA, request);
  set(option_NOPROGRESS, 0L);
#undef set
  outcome.code = refused ? refused : curl.perform(handle);
  if (outcome.code == 0) {
    outcome.reason[0] = 0;
  } else if (outcome.reason[0] == 0) {
    snprintf(outcome.reason, sizeof outcome.reason, "%s", curl.strerror(outcome.code));
  }
  curl.cleanup(handle);
  curl.free_all(fields);
  return outcome;
}
