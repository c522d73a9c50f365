#pragma once

#include <string>
#include <vector>

#include "kubectl-plugin/mapper.h"
#include "kubectl-plugin/session.h"

// The objects that a command line means, for every verb that acts on objects that exist.
namespace gantry::kubectl {

struct NamedObject {
  const ServedResource* type;
  ObjectKey key;
};

// The flags by which a verb lets its user say which objects.
struct SelectionFlags {
  std::vector<std::string> words;  // as for ParseTargets
  std::vector<std::string> files;  // instead of words
  bool recursive = false;
  bool all = false;  // a type without names and selector means all its objects
  bool all_namespaces = false;
  std::string selector;
};

// The key of an object: without a namespace where its type has none.
ObjectKey KeyOf(const ServedResource& type, const std::string& ns, const std::string& name);

// The objects that files name, in their order. A kind that the server does not serve is a local
// error, or passed over with `skip_unserved`.
Result<std::vector<NamedObject>> ObjectsOfFiles(Session& session,
                                                const std::vector<std::string>& files,
                                                bool recursive, bool skip_unserved = false);

// The objects of files or words. Those that are named may not exist; a type with a selector or
// `all` gives those that do. Local error when a type stands alone.
Result<std::vector<NamedObject>> SelectObjects(Session& session, const SelectionFlags& flags,
                                               bool skip_unserved = false);

}  // namespace gantry::kubectl
