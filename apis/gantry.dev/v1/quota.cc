#include "apis/gantry.dev/v1/quota.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "apis/gantry.dev/v1/container_template.h"
#include "apis/gantry.dev/v1/quantity.h"
#include "apis/gantry.dev/v1/resources.h"

namespace gantry::v1 {
namespace {

constexpr int64_t kOne = 1000;
constexpr int64_t kCpuPeriod = 100000;  // microseconds, of an engine that is told none

constexpr const char* kAmounts[] = {"cpu",    "requests.cpu",    "limits.cpu",
                                    "memory", "requests.memory", "limits.memory"};

std::string CountName(const client::Resource& kind) {
  return fmt::format("count/{}.{}", kind.plural, kind.group);
}

// What is too large for a number counts as the largest one: it never fits a quota.
constexpr int64_t kLargest = std::numeric_limits<int64_t>::max();

int64_t Thousandths(double value) {
  const double all = std::ceil(value * 1000 - 1e-6);
  return all < 9.2e18 ? static_cast<int64_t>(all) : kLargest;
}

int64_t Thousandths(int64_t value) {
  int64_t all = 0;
  return __builtin_mul_overflow(value, kOne, &all) ? kLargest : all;
}

int64_t CpuLimit(const ContainerTemplate& tmpl) {
  if (tmpl.limits.cpus > 0) return Thousandths(tmpl.limits.cpus);
  const RunOptions::Tuning& tuning = tmpl.run.tuning;
  if (tuning.cpu_quota <= 0) return 0;
  const int64_t period = tuning.cpu_period > 0 ? tuning.cpu_period : kCpuPeriod;
  return Thousandths(static_cast<double>(tuning.cpu_quota) / static_cast<double>(period));
}

void AddContainer(const ContainerTemplate& tmpl, QuotaUsage* usage) {
  const auto set = [usage](const char* name, int64_t amount) {
    if (amount > 0) (*usage)[name] = amount;
  };
  const int64_t cpu = CpuLimit(tmpl);
  const int64_t memory = Thousandths(tmpl.limits.memory_bytes);
  set("limits.cpu", cpu);
  set("limits.memory", memory);
  const int64_t cpu_kept = Thousandths(tmpl.reservations.cpus);
  const int64_t memory_kept = Thousandths(tmpl.reservations.memory_bytes);
  set("requests.cpu", cpu_kept > 0 ? cpu_kept : cpu);
  set("requests.memory", memory_kept > 0 ? memory_kept : memory);
  const auto ports = std::count_if(tmpl.ports.begin(), tmpl.ports.end(),
                                   [](const auto& port) { return port.host_port.has_value(); });
  set(kQuotaHostPorts, ports * kOne);
}

int64_t AmountOf(const QuotaUsage& usage, std::string_view name) {
  const auto found = usage.find(std::string(name));
  return found == usage.end() ? 0 : found->second;
}

}  // namespace

const std::vector<std::string>& QuotaNames() {
  static const auto* const names = [] {
    auto* all = new std::vector<std::string>(std::begin(kAmounts), std::end(kAmounts));
    all->push_back(kQuotaHostPorts);
    for (const client::Resource& kind : QuotaKinds()) all->push_back(CountName(kind));
    return all;
  }();
  return *names;
}

const std::vector<client::Resource>& QuotaKinds() {
  static const auto* const kinds =
      new std::vector<client::Resource>{kApplications, kContainers, kServices, kVolumes};
  return *kinds;
}

const client::Resource* QuotaKindOf(std::string_view name) {
  for (const client::Resource& kind : QuotaKinds()) {
    if (name == CountName(kind)) return &kind;
  }
  const auto& names = QuotaNames();
  return std::find(names.begin(), names.end(), name) == names.end() ? nullptr : &kContainers;
}

QuotaUsage UsageOf(const client::Resource& kind, const Object& object) {
  QuotaUsage usage;
  usage[CountName(kind)] = kOne;
  if (kind.plural == kContainers.plural)
    AddContainer(ContainerTemplate::From(GetObject(object.spec(), "template")), &usage);
  return usage;
}

std::string_view QuotaAlias(std::string_view name) {
  if (name == "cpu") return "requests.cpu";
  if (name == "memory") return "requests.memory";
  return name;
}

std::string FormatQuotaAmount(std::string_view name, int64_t thousandths) {
  return name.ends_with("memory") ? FormatBytes(thousandths) : FormatQuantity(thousandths);
}

QuotaUsage HardOf(const Object& quota) {
  QuotaUsage hard;
  for (const auto& [name, value] : GetObject(quota.spec(), "hard").items()) {
    if (const auto amount = QuantityOf(value)) hard[name] = *amount;
  }
  return hard;
}

std::string QuotaFault(const Object& quota, const client::Resource& kind, const QuotaUsage* before,
                       const QuotaUsage& after, const QuotaUsage& used, std::string_view who) {
  std::vector<std::string> unsaid, requested, in_use, limited;
  for (const auto& [name, most] : HardOf(quota)) {
    const client::Resource* const about = QuotaKindOf(name);
    if (about == nullptr || about->plural != kind.plural) continue;
    const std::string_view amount = QuotaAlias(name);
    const int64_t wants = AmountOf(after, amount);
    const bool must_say =
        std::find(std::begin(kAmounts), std::end(kAmounts), name) != std::end(kAmounts);
    const bool change = before == nullptr || AmountOf(*before, amount) != wants;
    if (must_say && wants == 0 && change) {
      unsaid.push_back(fmt::format("{} for: {}", name, who));
      continue;
    }
    const int64_t more = wants - (before == nullptr ? 0 : AmountOf(*before, amount));
    const int64_t have = AmountOf(used, amount);
    if (more <= 0 || more <= most - have) continue;
    requested.push_back(fmt::format("{}={}", name, FormatQuotaAmount(name, more)));
    in_use.push_back(fmt::format("{}={}", name, FormatQuotaAmount(name, have)));
    limited.push_back(fmt::format("{}={}", name, FormatQuotaAmount(name, most)));
  }
  if (!unsaid.empty())
    return fmt::format("failed quota: {}: must specify {}", quota.name(), fmt::join(unsaid, "; "));
  if (requested.empty()) return "";
  return fmt::format("exceeded quota: {}, requested: {}, used: {}, limited: {}", quota.name(),
                     fmt::join(requested, ","), fmt::join(in_use, ","), fmt::join(limited, ","));
}

void AddUsage(const QuotaUsage& more, QuotaUsage* sum) {
  for (const auto& [name, amount] : more) {
    int64_t& all = (*sum)[name];
    if (__builtin_add_overflow(all, amount, &all)) all = kLargest;
  }
}

}  // namespace gantry::v1
