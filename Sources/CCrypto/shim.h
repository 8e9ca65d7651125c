#if !__has_include(<openssl/evp.h>)
#error "openssl/evp.h is missing: apt-get install libssl-dev (./ci.sh does it)"
#endif
#include <openssl/evp.h>
