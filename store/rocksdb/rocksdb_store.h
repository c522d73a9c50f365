#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "store/store.h"

namespace rocksdb {
class Env;
}

namespace gantry::store {

struct RocksDbOptions {
  rocksdb::Env* env = nullptr;  // null: the machine's; else outlives the store. For tests.
  // Memory for values that are not in files yet.
  size_t write_buffer_bytes = 16 << 20;
  // How long a store whose disk was full waits from one try to go on to the next.
  std::chrono::milliseconds recovery_interval{1000};
};

// Opens the store in `dir` and makes it when it is absent. kUnavailable when another process holds
// it or the disk fails, kDataLoss when its contents are damaged.
Result<std::unique_ptr<Store>> OpenRocksDbStore(const std::string& dir,
                                                const RocksDbOptions& options = {});

}  // namespace gantry::store
