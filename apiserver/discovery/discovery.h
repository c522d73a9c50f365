#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apis/machinery/base/mutex.h"
#include "apis/machinery/schema/definition.h"

// What the server serves, as clients ask for it: the legacy documents of every path and the
// aggregated ones (apidiscovery.k8s.io). Made of definitions, and of nothing else.
namespace gantry::apiserver::discovery {

using Definitions = std::vector<std::shared_ptr<const schema::Definition>>;

// What may be done with objects of a kind. The endpoints answer 405 to everything else.
const std::vector<std::string>& ResourceVerbs(const schema::Definition& definition);
// The same of an endpoint below objects: status, scale, finalize, log, exec ...
const std::vector<std::string>& SubresourceVerbs(std::string_view subresource);

// The versions that a group serves: stable before beta before alpha, then the highest first, so
// that the first is the preferred one. `group` may be empty: the core group.
std::vector<std::string> ServedVersions(const Definitions& definitions, std::string_view group);
// The groups that serve anything, Gantry's own first, then by name; without the core group.
std::vector<std::string> ServedGroups(const Definitions& definitions);
// Is version `a` to be preferred to `b`? v2 > v1 > v1beta2 > v1beta1 > v1alpha1 > anything else.
bool VersionLess(std::string_view a, std::string_view b);

Json ApiVersions();                              // GET /api
Json GroupList(const Definitions& definitions);  // GET /apis
// GET /apis/{group}; kNotFound when nothing serves it.
Result<Json> Group(const Definitions& definitions, std::string_view group);
// GET /api/v1, /apis/{group}/{version}; kNotFound when nothing serves it.
Result<Json> ResourceList(const Definitions& definitions, const GroupVersion& gv);
// APIGroupDiscoveryList in `version` (v2, v2beta1) of the core group (GET /api) or of all others.
Json Aggregated(const Definitions& definitions, bool core, std::string_view version);

// The part of one group in it.
Json AggregatedGroup(const Definitions& definitions, const std::string& group);

// Keeps the texts of groups in aggregated documents, so that a change costs what it changed and not
// a thousand kinds. Thread-safe.
class GroupTexts {
 public:
  // DumpJson(AggregatedGroup(...)), for a group's own definitions.
  std::shared_ptr<const std::string> Of(const Definitions& definitions, const std::string& group);
  // Forgets groups that are not in `groups`, and the core group.
  void Keep(const std::map<std::string, Definitions>& groups);

 private:
  struct Known {
    Definitions definitions;  // kept, so that none comes to stand where another stood
    std::shared_ptr<const std::string> text;
  };
  Mutex mu_;
  std::map<std::string, Known> known_ GUARDED_BY(mu_);
};
// DumpJson(Aggregated(...)).
std::string AggregatedText(const Definitions& definitions, bool core, std::string_view version,
                           GroupTexts* texts);

struct Answer {
  int status = 200;  // or 304, without a body
  std::string content_type;
  std::string etag;
  std::string body;
};

// Answers GET of /api, /api/v1, /apis, /apis/{group} and /apis/{group}/{version} (a trailing slash
// is fine). `accept` and `if_none_match` are those headers, empty when absent. Answers differ by
// Accept, so `Vary: Accept` belongs with them. kNotFound for other paths, kNotAcceptable when the
// client takes nothing that is served. `texts` belongs to a sequence of sets of definitions.
Result<Answer> Serve(const Definitions& definitions, std::string_view path, std::string_view accept,
                     std::string_view if_none_match, GroupTexts* texts);

// Whether the header If-None-Match names `etag`.
bool MatchesEtag(std::string_view if_none_match, std::string_view etag);

}  // namespace gantry::apiserver::discovery
