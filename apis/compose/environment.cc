#include "apis/compose/environment.h"

#include <fmt/format.h>

#include "apis/compose/names.h"
#include "apis/compose/placement.h"

namespace gantry::compose {

Environment ReadEnvironment(const Field& field, const std::map<std::string, size_t>& secrets,
                            const std::string& secret_name, const std::string& key_prefix,
                            const std::string& self, v1::Placement* placement, Diagnostics* diag) {
  Environment out;
  std::map<std::string, size_t> index;
  for (const KeyValue& entry : ReadKeyValues(field, secrets, diag)) {
    if (IsPlacementRule(entry.key)) {
      ReadPlacementRule(entry, self, placement, diag);
      continue;
    }
    if (entry.key.empty()) {
      diag->Invalid(field.place, "=...", "a variable needs a name");
      continue;
    }
    if (entry.key.find('=') != std::string::npos) {
      diag->Invalid(entry.place, entry.key, "the name of a variable has no `=`");
      continue;
    }
    if (!entry.value) {
      diag->Warn(entry.place, "has no value and was left out; give it one here, or as a parameter");
      continue;
    }
    v1::ContainerTemplate::EnvVar variable;
    variable.name = entry.key;
    const std::string key = SecretKey(key_prefix, entry.key);
    out.secrets.erase(key);
    if (entry.secret) {
      variable.secret = v1::ContainerTemplate::KeyRef{secret_name, key};
      out.secrets[key] = *entry.value;
    } else {
      variable.value = *entry.value;
    }
    const auto [it, fresh] = index.try_emplace(entry.key, out.variables.size());
    if (fresh) {
      out.variables.push_back(std::move(variable));
    } else {
      out.variables[it->second] = std::move(variable);
      diag->Warn(entry.place, "is written more than once; the last value is used");
    }
  }
  return out;
}

}  // namespace gantry::compose
