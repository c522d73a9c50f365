#pragma once

#include <string>
#include <vector>

#include "kubectl-plugin/mapper.h"
#include "kubectl-plugin/session.h"

namespace gantry::kubectl {

// The containers that `logs` and `exec` mean.
struct ContainerSet {
  const ServedResource* type = nullptr;  // containers.gantry.dev
  std::string ns;
  std::string selector;            // labels that all of them have; empty when one was named
  std::vector<std::string> names;  // sorted
};

// `app/x` and `service/x` (or gsvc/x): their containers. `ct/x` or a bare name: the container of
// that name, or for `<service>-<slot>` the current instance of that slot. Errors are local or
// NotFound.
Result<ContainerSet> FindContainers(Session& session, const std::string& word);

// Of the instances of one slot the one to talk to: not being deleted, then the youngest. Null for
// none.
const Object* CurrentInstance(const std::vector<Object>& instances);

}  // namespace gantry::kubectl
