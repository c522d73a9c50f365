#pragma once

#include <memory>

#include "store/store.h"

namespace gantry::store {

// A store in memory that keeps every version until Compact. For tests and for trying things out:
// "durable" means applied. Backup is refused.
std::unique_ptr<Store> NewMemoryStore();

}  // namespace gantry::store
