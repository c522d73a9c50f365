#include <fmt/format.h>

#include "store/memory/memory_store.h"
#include "store/rocksdb/rocksdb_store.h"
#include "store/store.h"

namespace gantry::store {

Result<std::unique_ptr<Store>> OpenStore(std::string_view uri) {
  const size_t colon = uri.find(':');
  const std::string_view scheme = uri.substr(0, colon);
  const std::string rest(colon == uri.npos ? "" : uri.substr(colon + 1));
  if (scheme == "memory" && colon != uri.npos && rest.empty()) return NewMemoryStore();
  if (scheme == "rocksdb" && !rest.empty()) return OpenRocksDbStore(rest);
  return Error(Code::kBadRequest,
               fmt::format("store \"{}\": a store is memory: or rocksdb:<directory>", uri));
}

}  // namespace gantry::store
