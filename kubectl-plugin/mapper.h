#pragma once

#include <string>
#include <vector>

#include "apis/client/client.h"

namespace gantry::kubectl {

class Session;

// One resource as discovery shows it.
struct ServedResource {
  client::Resource resource;
  std::string singular;
  std::vector<std::string> short_names;
  std::vector<std::string> categories;
  std::vector<std::string> verbs;
  std::vector<std::string> subresources;  // `status`, `scale`

  bool Can(std::string_view verb) const;
  // `applications.gantry.dev`, or `secrets` in the core group.
  std::string Name() const;
  // `application.gantry.dev/shop`, as messages name an object.
  std::string ObjectName(std::string_view name) const;
};

// From what people write to what the server serves. Immutable.
class Mapper {
 public:
  // Asks for aggregated discovery, and understands the old form too.
  static Result<Mapper> Discover(Session& session);
  // From documents of either form, for tests: `/api` and `/apis` aggregated.
  void AddAggregated(const Json& groups);
  // One APIResourceList.
  void AddLegacy(const Json& list);

  // A plural, singular or short name or a kind, in any case, optionally with `.group` or
  // `.version.group`. Of several groups, gantry.dev wins, then the server's order.
  // `error: the server doesn't have a resource type "x"` when there is none.
  Result<const ServedResource*> Find(const std::string& text) const;
  // The same, where a category gives all its members that can be listed.
  Result<std::vector<const ServedResource*>> FindAll(const std::string& text) const;
  // Null when the server does not serve the kind.
  const ServedResource* FindKind(const GroupVersionKind& gvk) const;

  const std::vector<ServedResource>& all() const { return all_; }

 private:
  std::vector<ServedResource> all_;  // in the server's order of preference
};

}  // namespace gantry::kubectl
