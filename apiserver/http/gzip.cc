#include "apiserver/http/gzip.h"

#include <zlib.h>

#include "apis/machinery/base/check.h"

namespace gantry::apiserver {
namespace {
constexpr int kGzipFormat = 15 + 16;  // zlib's notation: largest window, gzip header
constexpr int kMemoryLevel = 8;
constexpr size_t kStep = 16 * 1024;
}  // namespace

struct Gzip::State {
  z_stream z{};
};

Gzip::Gzip() : state_(std::make_unique<State>()) {
  const int result =
      deflateInit2(&state_->z, 1, Z_DEFLATED, kGzipFormat, kMemoryLevel, Z_DEFAULT_STRATEGY);
  GANTRY_CHECK(result == Z_OK);
}

Gzip::~Gzip() { deflateEnd(&state_->z); }

void Gzip::Add(std::string_view bytes, bool last, std::string* out) {
  z_stream& z = state_->z;
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  do {
    const size_t before = out->size();
    out->resize(before + kStep);
    z.next_out = reinterpret_cast<Bytef*>(out->data() + before);
    z.avail_out = kStep;
    deflate(&z, last ? Z_FINISH : Z_NO_FLUSH);
    out->resize(before + kStep - z.avail_out);
  } while (z.avail_out == 0);
}

}  // namespace gantry::apiserver
