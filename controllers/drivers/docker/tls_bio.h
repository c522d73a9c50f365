#pragma once

struct bio_st;

namespace gantry::docker {

// An OpenSSL BIO over a socket that writes with MSG_NOSIGNAL: OpenSSL's own raises SIGPIPE in the
// process when the peer has gone. Does not own `fd`. Null when out of memory.
bio_st* NewSocketBio(int fd);

}  // namespace gantry::docker
