#pragma once

#include <string>

#include "apis/machinery/schema/definition.h"
#include "apiserver/storage/cache_set.h"

// Rules across kinds, between decoding and the registry: one ordered table of plugins.
namespace gantry::apiserver {

struct AdmissionRequest {
  enum class Operation { kCreate, kUpdate, kDelete };
  Operation operation;
  const schema::Definition& definition;
  const std::string& ns;
  const std::string& name;
};

// Asks every plugin in order; the first refusal counts. Thread-safe, does not block.
Status Admit(CacheSet* caches, const AdmissionRequest& request);

}  // namespace gantry::apiserver
