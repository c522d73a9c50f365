#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apis/compose/diagnostics.h"

// The one table of Compose keys: what Gantry does with each.
namespace gantry::compose {

// The maps of a document that have keys of their own.
enum class Scope {
  kTop,
  kService,
  kDeploy,
  kUpdateConfig,
  kRestartPolicy,
  kResources,
  kLimits,
  kReservations,
  kHealthcheck,
  kLogging,
  kDevice,
  kDeviceRequest,
  kUlimit,
  kBlkio,
  kPort,
  kMount,
  kMountBind,
  kMountVolume,
  kMountTmpfs,
  kDependency,
  kVolume,
  kPlacement,
  kPreference,
  kNetwork,
  kServiceNetwork,
};

enum class Treatment {
  kDone,    // read by the conversion
  kSilent,  // accepted, without any effect that someone could miss
  kWarn,    // accepted and not done; nobody is harmed
  kRefuse,  // leaving it out would change the meaning or the security of the service
};

struct Key {
  Scope scope;
  const char* name;
  Treatment treatment;
  // What people read; empty: `is not supported yet`. Of a key that is done: what is not.
  const char* reason;
};

// The whole table, by scope.
const std::vector<Key>& Keys();
// What a map of this scope is called: `a service`, `deploy`.
const char* Noun(Scope scope);

// Null for a key that Compose does not know either. Keys that begin with `x-` are not in the table.
const Key* FindKey(Scope scope, std::string_view name);

// Applies the table to one member of the map at `place`. True when the conversion has to read it;
// otherwise all there is to say was said. A refused or ignored key whose value asks for nothing
// (null, false, an empty list, map or string) passes silently.
bool CheckKey(Scope scope, std::string_view place, const std::string& key, const Json& value,
              Diagnostics* diag);

// The candidate that was probably meant by `word`; empty when none is near.
std::string Nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace gantry::compose
