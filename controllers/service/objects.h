#pragma once

#include "controllers/runtime/store.h"
#include "controllers/service/plan.h"

// Between API objects and the planner's terms.
namespace gantry::service {

// Name of the ServiceRevision for the present template of `service`: `<service>-<hash>`. The hash
// is of what the template means, not of how it is written; a restart, a reschedule and a pinned
// image count, nothing else of the metadata.
std::string RevisionName(const Object& service);
Object MakeRevision(const Object& service, const std::string& name, int64_t number);
// The image that `service` is bound to run while its template names the one that it names; empty:
// whatever that name means when the revision's first container is made.
std::string PinnedImage(const Object& service);

Object MakeContainer(const Object& service, const v1::ServiceSpec& spec, const Object& revision,
                     const Create& create);

// `nodes`: lister of Nodes; null leaves what the node says unknown.
Instance InstanceFrom(const Object& container, const runtime::Lister* nodes);

std::vector<Vacancy> VacanciesFrom(const Json& status);
Json VacanciesToJson(const std::vector<Vacancy>& vacancies);

// The nodes of the service's cluster that are what its placement demands, by name.
std::vector<NodeView> NodesFor(const runtime::Lister& nodes, const v1::ServiceSpec& spec);

// What of `spec.dependsOn` has not come up, for people: `shop-db to be Healthy`.
std::vector<std::string> UnmetDependencies(std::string_view ns, const v1::ServiceSpec& spec,
                                           const runtime::Lister& services,
                                           const runtime::Lister& containers);

}  // namespace gantry::service
