#pragma once

#include "apiserver/registry/kind.h"
#include "apiserver/storage/cache_set.h"

namespace gantry::apiserver {

// Registers the kinds of schemas/. Call before the caches start. kInternal when a manifest is
// wrong.
Status RegisterBuiltinKinds(KindRegistry* kinds, CacheSet* caches);

// A kind over its cache, ready for KindRegistry::Put; tells the caches how records of older schemas
// are rewritten. Only before the caches start, or from one of their hooks.
std::shared_ptr<const Kind> MakeKind(std::shared_ptr<const schema::Definition> definition,
                                     CacheSet* caches, bool terminating,
                                     std::shared_ptr<const Converter> converter = nullptr);

}  // namespace gantry::apiserver
