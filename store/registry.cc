#include <fmt/format.h>

#include "store/memory/memory_store.h"
#include "store/store.h"

namespace gantry::store {

Result<std::unique_ptr<Store>> OpenStore(std::string_view uri) {
  const size_t colon = uri.find(':');
  const std::string_view scheme = uri.substr(0, colon);
  if (colon != uri.npos && scheme == "memory") return NewMemoryStore();
  return Error(Code::kBadRequest,
               fmt::format("store \"{}\": a store is memory: or rocksdb:<directory>", uri));
}

}  // namespace gantry::store
