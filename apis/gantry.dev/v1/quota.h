#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apis/client/client.h"
#include "apis/machinery/meta/object.h"

// What a ResourceQuota (core/v1) bounds, and what objects use of it. Pure.
namespace gantry::v1 {

// Thousandths by name: `limits.cpu`, `count/services.gantry.dev`.
using QuotaUsage = std::map<std::string, int64_t>;

// Host ports that a container publishes, those that the engine chooses among them.
inline constexpr char kQuotaHostPorts[] = "gantry.dev/hostports";

// All names that `spec.hard` may have.
const std::vector<std::string>& QuotaNames();

// The kinds whose objects are counted.
const std::vector<client::Resource>& QuotaKinds();
// The one that `name` is about; null when it is no name of a quota.
const client::Resource* QuotaKindOf(std::string_view name);

// What one object of a kind uses. An amount that a container leaves open is not there: its limit or
// its reservation. What is not reserved counts with its limit.
QuotaUsage UsageOf(const client::Resource& kind, const Object& object);

// `cpu` is `requests.cpu`, as in Kubernetes: what UsageOf calls it.
std::string_view QuotaAlias(std::string_view name);

// Amounts of `name` as they are printed.
std::string FormatQuotaAmount(std::string_view name, int64_t thousandths);

// `spec.hard`, without what is no amount.
QuotaUsage HardOf(const Object& quota);

// Of a write that takes `before` (nothing for a create) to `after`, when all objects there use
// `used`: why it exceeds `quota`, in Kubernetes' words, without the name of what is written; empty
// when it does not. `who`: the object, for amounts that it has to say.
std::string QuotaFault(const Object& quota, const client::Resource& kind, const QuotaUsage* before,
                       const QuotaUsage& after, const QuotaUsage& used, std::string_view who);

// Adds `more` to `sum`.
void AddUsage(const QuotaUsage& more, QuotaUsage* sum);

}  // namespace gantry::v1
