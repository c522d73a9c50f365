#include "apis/compose/labels.h"

#include <fmt/format.h>

#include <limits>

#include "apis/compose/label_formats.h"
#include "apis/compose/placement.h"
#include "apis/machinery/meta/object.h"

namespace gantry::compose {
namespace {

using Where = KnownLabel::Where;
constexpr Treatment kHonoured = Treatment::kDone;
constexpr Treatment kLater = Treatment::kWarn;

bool Matches(std::string_view pattern, std::string_view name) {
  if (pattern.back() != '*') return pattern == name;
  pattern.remove_suffix(1);
  return name.size() > pattern.size() && name.substr(0, pattern.size()) == pattern;
}

const KnownLabel* FindLabel(Where where, std::string_view name) {
  for (const KnownLabel& label : KnownLabels()) {
    if (label.where == where && Matches(label.name, name)) return &label;
  }
  return nullptr;
}

// A label of ours by its name without the prefix.
struct Meaning {
  KeyValue entry;
  bool native = false;  // spelled with `gantry.`
};

std::optional<std::string> NameWithoutPrefix(const std::string& key, bool* native) {
  for (const char* prefix : {"gantry.", "aliyun."}) {
    const std::string_view p = prefix;
    if (key.compare(0, p.size(), p) != 0) continue;
    *native = p[0] == 'g';
    return key.substr(p.size());
  }
  return std::nullopt;
}

// Takes the labels of ours out of `entries`, by name.
std::map<std::string, Meaning> TakeMeanings(std::vector<KeyValue>* entries, Diagnostics* diag) {
  std::map<std::string, Meaning> out;
  std::vector<KeyValue> rest;
  for (KeyValue& entry : *entries) {
    bool native = false;
    const auto name = NameWithoutPrefix(entry.key, &native);
    if (!name) {
      rest.push_back(std::move(entry));
      continue;
    }
    const auto [it, fresh] = out.try_emplace(*name, Meaning{entry, native});
    if (fresh) continue;
    if (it->second.native == native) {
      diag->Duplicate(entry.place, entry.key);
      continue;
    }
    diag->Warn(native ? it->second.entry.place : entry.place,
               fmt::format("is ignored, because gantry.{} says the same and wins", *name));
    if (native) it->second = Meaning{entry, native};
  }
  *entries = std::move(rest);
  return out;
}

// What a label of this subject waits for.
std::string_view Lacks(std::string_view subject) {
  if (subject == "Probe") return "containers are not probed by URL";
  if (subject == "Routing") return "there is no router";
  if (subject == "LoadBalancing") return "no external balancer is configured";
  if (subject == "Scaling") return "the number of containers stays as it is";
  if (subject == "Batch") return "there are no jobs, and services of a batch run once";
  if (subject == "Monitoring") return "no metrics of its own are collected";
  if (subject == "LogCollection") return "logs are not collected";
  return "there is no proxy";
}

// True when the label has to be read.
bool CheckLabel(Where where, const std::string& name, const KeyValue& entry, Diagnostics* diag) {
  const KnownLabel* label = FindLabel(where, name);
  if (label == nullptr) {
    std::vector<std::string> known;
    for (const KnownLabel& k : KnownLabels()) {
      if (k.where == where && std::string_view(k.name).back() != '*') known.push_back(k.name);
    }
    std::string detail = "is not a label that Gantry knows";
    const std::string prefix = entry.key.substr(0, entry.key.size() - name.size());
    if (const std::string meant = Nearest(name, known); !meant.empty())
      detail += fmt::format("; did you mean \"{}{}\"?", prefix, meant);
    diag->Unsupported(entry.place, entry.key, detail);
    return false;
  }
  if (label->treatment == kHonoured) return true;
  if (!CheckLabelFormat(name, entry, diag) || entry.value == "false") return false;
  diag->NotDone(entry.place, label->subject,
                fmt::format("is not acted on yet: {}", Lacks(label->subject)));
  return false;
}

void ReadDepends(const KeyValue& entry, const std::string& text, LabelSettings* out,
                 Diagnostics* diag) {
  size_t from = 0;
  while (from <= text.size()) {
    const size_t comma = std::min(text.find(',', from), text.size());
    std::string name = text.substr(from, comma - from);
    from = comma + 1;
    const size_t first = name.find_first_not_of(" \t");
    name = first == std::string::npos
               ? ""
               : name.substr(first, name.find_last_not_of(" \t") - first + 1);
    if (name.empty()) {
      diag->Invalid(entry.place, text, "must be names of services, separated by commas");
      return;
    }
    out->depends.push_back({name, std::nullopt, entry.place, false});
  }
}

void ReadMeaning(const std::string& name, const KeyValue& entry, LabelSettings* out,
                 Diagnostics* diag) {
  const Json value = entry.value ? Json(*entry.value) : Json();
  const Field field{value, entry.place};
  if (name == "scale") {
    out->scale = ReadWhole(field, 0, kMaxReplicas, diag);
  } else if (name == "depends") {
    ReadDepends(entry, entry.value.value_or(""), out, diag);
  } else if (name == "rolling_updates") {
    out->rolling_updates = ReadBool(field, diag);
  } else if (name == "cpu_shares_unit") {
    // Which one counts was decided over the whole template.
    if (value != "percent" && value != "weight")
      diag->Unsupported(entry.place, value, "must be percent or weight");
  } else if (name == "global") {
    out->global = ReadBool(field, diag);
  } else if (name == "rolling_updates.parallelism") {
    const auto number = ParseWhole(entry.value.value_or(""));
    if (number && *number >= 1 && *number <= kMaxReplicas) {
      out->parallelism = number;
    } else {
      out->parallelism = 1;
      diag->Warn(entry.place,
                 fmt::format("{} is not a whole number of at least 1; 1 is used", DumpJson(value)));
    }
  }
}

// `probe.cmd` and its timing: a health check that the engine runs.
void ReadProbe(const std::map<std::string, KeyValue>& labels, LabelSettings* out,
               Diagnostics* diag) {
  constexpr double kPeriodSeconds = 10;
  const auto command = labels.find("probe.cmd");
  for (const char* timing : {"probe.timeout_seconds", "probe.initial_delay_seconds"}) {
    const auto it = labels.find(timing);
    if (it != labels.end() && !CheckLabelFormat(timing, it->second, diag)) return;
  }
  if (command == labels.end() || !CheckLabelFormat("probe.cmd", command->second, diag)) return;
  const auto seconds = [&labels](const char* name) {
    const auto it = labels.find(name);
    return it == labels.end() ? 0.0
                              : static_cast<double>(ParseWhole(*it->second.value).value_or(0));
  };
  v1::ContainerTemplate::Healthcheck check;
  check.test = {"CMD-SHELL", *command->second.value};
  check.interval_seconds = kPeriodSeconds;
  check.timeout_seconds = seconds("probe.timeout_seconds");
  check.start_period_seconds = seconds("probe.initial_delay_seconds");
  out->probe = std::move(check);
  out->probe_place = command->second.place;
}

void ReadListeners(const std::map<std::string, KeyValue>& labels, LabelSettings* out) {
  constexpr std::string_view kPrefix = "lb.port_";
  for (const auto& [name, entry] : labels) {
    if (name.compare(0, kPrefix.size(), kPrefix) != 0) continue;
    const auto port = ParseWhole(name.substr(kPrefix.size()));
    const std::string value = entry.value.value_or("");
    const size_t scheme = value.find("://");
    if (!port || scheme == std::string::npos) continue;  // reported already
    out->listeners.push_back({entry.place, static_cast<int>(*port), value.substr(scheme + 3)});
  }
}

}  // namespace

const std::vector<KnownLabel>& KnownLabels() {
  static const std::vector<KnownLabel> labels = {
      {Where::kService, "scale", kHonoured, ""},
      {Where::kService, "depends", kHonoured, ""},
      {Where::kService, "global", kHonoured, ""},
      {Where::kService, "rolling_updates", kHonoured, ""},
      {Where::kService, "rolling_updates.parallelism", kHonoured, ""},
      {Where::kService, "cpu_shares_unit", kHonoured, ""},
      {Where::kService, "probe.cmd", kHonoured, ""},
      {Where::kService, "probe.timeout_seconds", kHonoured, ""},
      {Where::kService, "probe.initial_delay_seconds", kHonoured, ""},
      {Where::kService, "probe.url", kLater, "Probe"},
      {Where::kService, "auto_scaling.max_cpu", kLater, "Scaling"},
      {Where::kService, "auto_scaling.min_cpu", kLater, "Scaling"},
      {Where::kService, "auto_scaling.max_memory", kLater, "Scaling"},
      {Where::kService, "auto_scaling.min_memory", kLater, "Scaling"},
      {Where::kService, "auto_scaling.step", kLater, "Scaling"},
      {Where::kService, "auto_scaling.max_instances", kLater, "Scaling"},
      {Where::kService, "auto_scaling.min_instances", kLater, "Scaling"},
      {Where::kService, "routing.port_*", kLater, "Routing"},
      {Where::kService, "routing.session_sticky", kLater, "Routing"},
      {Where::kService, "lb.port_*", kLater, "LoadBalancing"},
      {Where::kService, "log_store_*", kLater, "LogCollection"},
      {Where::kService, "logs", kLater, "LogCollection"},
      {Where::kService, "monitoring.script", kLater, "Monitoring"},
      {Where::kService, "monitoring.http", kLater, "Monitoring"},
      {Where::kService, "monitoring.tags", kLater, "Monitoring"},
      {Where::kService, "monitoring.addon.influxdb", kLater, "Monitoring"},
      {Where::kService, "monitoring.addon.prometheus", kLater, "Monitoring"},
      {Where::kService, "remove_containers", kLater, "Batch"},
      {Where::kService, "retry_count", kLater, "Batch"},
      {Where::kService, "custom_addon", kLater, "Proxy"},
      {Where::kService, "customAddon", kLater, "Proxy"},
      {Where::kService, "proxy.required", kLater, "Proxy"},
      {Where::kService, "proxy.VIRTUAL_HOST", kLater, "Proxy"},
      {Where::kService, "proxy.VIRTUAL_HOST_WEIGHT", kLater, "Proxy"},
      {Where::kService, "proxy.EXCLUDE_PORTS", kLater, "Proxy"},
      {Where::kService, "proxy.TCP_PORTS", kLater, "Proxy"},
      {Where::kService, "proxy.COOKIE", kLater, "Proxy"},
      {Where::kService, "proxy.APPSESSION", kLater, "Proxy"},
      {Where::kService, "proxy.SSL_CERT", kLater, "Proxy"},
      {Where::kService, "proxy.FORCE_SSL", kLater, "Proxy"},
      {Where::kService, "proxy.HSTS_MAX_AGE", kLater, "Proxy"},
      {Where::kService, "proxy.GZIP_COMPRESSION_TYPE", kLater, "Proxy"},
      {Where::kService, "proxy.HEALTH_CHECK", kLater, "Proxy"},
      {Where::kService, "proxy.HTTP_CHECK", kLater, "Proxy"},
      {Where::kService, "proxy.OPTION", kLater, "Proxy"},
      {Where::kService, "proxy.BALANCE", kLater, "Proxy"},
      {Where::kService, "proxy.EXTRA_*", kLater, "Proxy"},

      {Where::kTop, "project_type", kLater, "Batch"},
      {Where::kTop, "schedule", kLater, "Batch"},
      {Where::kTop, "remove_containers", kLater, "Batch"},
      {Where::kTop, "retry_count", kLater, "Batch"},
  };
  return labels;
}

LabelSettings ReadLabels(const Field& field, const std::string& self, Diagnostics* diag) {
  LabelSettings out;
  std::vector<KeyValue> entries = ReadKeyValues(field, {}, diag);
  std::map<std::string, KeyValue> ours;
  for (const auto& [name, meaning] : TakeMeanings(&entries, diag)) {
    if (CheckLabel(Where::kService, name, meaning.entry, diag))
      ReadMeaning(name, meaning.entry, &out, diag);
    ours.emplace(name, meaning.entry);
  }
  CheckLabelSets(ours, diag);
  ReadProbe(ours, &out, diag);
  ReadListeners(ours, &out);
  for (const KeyValue& entry : entries) {
    if (entry.key.empty()) {
      diag->Invalid(entry.place, entry.key, "a label needs a name");
    } else if (ReadSwarmLabel(entry, self, &out.placement, diag)) {
      continue;
    } else if (!out.plain.try_emplace(entry.key, entry.value.value_or("")).second) {
      out.plain[entry.key] = entry.value.value_or("");
      diag->Warn(entry.place, "is written more than once; the last value is used");
    }
  }
  return out;
}

bool CpuSharesArePercent(const Json& services) {
  for (const auto& [name, service] : services.items()) {
    if (!service.is_object()) continue;
    const Json& labels = GetAny(service, "labels");
    for (const auto& [key, value] : labels.items()) {
      const std::string text = labels.is_object() ? key + "=" + ScalarText(value).value_or("")
                                                  : ScalarText(value).value_or("");
      if (text.compare(0, 7, "aliyun.") == 0 || text == "gantry.cpu_shares_unit=percent")
        return true;
    }
  }
  return false;
}

bool CheckTopLevelLabels(const Field& field, Diagnostics* diag) {
  std::vector<KeyValue> entries = ReadKeyValues(field, {}, diag);
  bool batch = false;
  for (const auto& [name, meaning] : TakeMeanings(&entries, diag)) {
    CheckLabel(Where::kTop, name, meaning.entry, diag);
    batch = batch || name == "project_type" || name == "schedule";
  }
  for (const KeyValue& entry : entries) {
    diag->Warn(entry.place, "is ignored: only labels of services reach containers");
  }
  return batch;
}

}  // namespace gantry::compose
