#include "apis/compose/labels.h"

#include <fmt/format.h>

#include <limits>

#include "apis/compose/keys.h"
#include "apis/machinery/meta/object.h"

namespace gantry::compose {
namespace {

enum class Where { kService, kTop };

struct KnownLabel {
  Where where;
  const char* name;  // one that ends with `*` stands for every name that begins so
  Treatment treatment;
};

constexpr KnownLabel kLabels[] = {
    {Where::kService, "scale", Treatment::kDone},
    {Where::kService, "depends", Treatment::kDone},
    {Where::kService, "rolling_updates", Treatment::kDone},
    {Where::kService, "rolling_updates.parallelism", Treatment::kDone},

    {Where::kService, "global", Treatment::kRefuse},

    {Where::kService, "auto_scaling.max_cpu", Treatment::kWarn},
    {Where::kService, "auto_scaling.min_cpu", Treatment::kWarn},
    {Where::kService, "auto_scaling.max_memory", Treatment::kWarn},
    {Where::kService, "auto_scaling.min_memory", Treatment::kWarn},
    {Where::kService, "auto_scaling.step", Treatment::kWarn},
    {Where::kService, "auto_scaling.max_instances", Treatment::kWarn},
    {Where::kService, "auto_scaling.min_instances", Treatment::kWarn},
    {Where::kService, "cpu_shares_unit", Treatment::kDone},
    {Where::kService, "custom_addon", Treatment::kWarn},
    {Where::kService, "customAddon", Treatment::kWarn},
    {Where::kService, "lb.port_*", Treatment::kWarn},
    {Where::kService, "log_store_*", Treatment::kWarn},
    {Where::kService, "logs", Treatment::kWarn},
    {Where::kService, "monitoring.addon.influxdb", Treatment::kWarn},
    {Where::kService, "monitoring.addon.prometheus", Treatment::kWarn},
    {Where::kService, "monitoring.http", Treatment::kWarn},
    {Where::kService, "monitoring.script", Treatment::kWarn},
    {Where::kService, "monitoring.tags", Treatment::kWarn},
    {Where::kService, "probe.cmd", Treatment::kWarn},
    {Where::kService, "probe.initial_delay_seconds", Treatment::kWarn},
    {Where::kService, "probe.timeout_seconds", Treatment::kWarn},
    {Where::kService, "probe.url", Treatment::kWarn},
    {Where::kService, "proxy.*", Treatment::kWarn},
    {Where::kService, "remove_containers", Treatment::kWarn},
    {Where::kService, "retry_count", Treatment::kWarn},
    {Where::kService, "routing.port_*", Treatment::kWarn},
    {Where::kService, "routing.session_sticky", Treatment::kWarn},

    {Where::kTop, "project_type", Treatment::kRefuse},
    {Where::kTop, "schedule", Treatment::kRefuse},
    {Where::kTop, "remove_containers", Treatment::kWarn},
    {Where::kTop, "retry_count", Treatment::kWarn},
};

bool Matches(std::string_view pattern, std::string_view name) {
  if (pattern.back() != '*') return pattern == name;
  pattern.remove_suffix(1);
  return name.size() > pattern.size() && name.substr(0, pattern.size()) == pattern;
}

const KnownLabel* FindLabel(Where where, std::string_view name) {
  for (const KnownLabel& label : kLabels) {
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

// True when the label has to be read.
bool CheckLabel(Where where, const std::string& name, const KeyValue& entry, Diagnostics* diag) {
  const KnownLabel* label = FindLabel(where, name);
  if (label == nullptr) {
    std::vector<std::string> known;
    for (const KnownLabel& k : kLabels) {
      if (k.where == where && std::string_view(k.name).back() != '*') known.push_back(k.name);
    }
    std::string detail = "is not a label that Gantry knows";
    const std::string prefix = entry.key.substr(0, entry.key.size() - name.size());
    if (const std::string meant = Nearest(name, known); !meant.empty())
      detail += fmt::format("; did you mean \"{}{}\"?", prefix, meant);
    diag->Unsupported(entry.place, entry.key, detail);
    return false;
  }
  if (label->treatment == Treatment::kDone) return true;
  const std::string& value = entry.value ? *entry.value : "";
  if (value == "false") return false;
  if (label->treatment == Treatment::kRefuse) diag->Forbidden(entry.place, "is not supported yet");
  else diag->Warn(entry.place, "is not supported yet and was ignored");
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

}  // namespace

LabelSettings ReadLabels(const Field& field, Diagnostics* diag) {
  LabelSettings out;
  std::vector<KeyValue> entries = ReadKeyValues(field, {}, diag);
  for (const auto& [name, meaning] : TakeMeanings(&entries, diag)) {
    if (CheckLabel(Where::kService, name, meaning.entry, diag))
      ReadMeaning(name, meaning.entry, &out, diag);
  }
  for (const KeyValue& entry : entries) {
    if (entry.key.empty()) {
      diag->Invalid(entry.place, entry.key, "a label needs a name");
    } else if (entry.key == "com.docker.swarm.reschedule-policies") {
      diag->Warn(entry.place, "is not supported yet and was ignored");
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

void CheckTopLevelLabels(const Field& field, Diagnostics* diag) {
  std::vector<KeyValue> entries = ReadKeyValues(field, {}, diag);
  for (const auto& [name, meaning] : TakeMeanings(&entries, diag)) {
    CheckLabel(Where::kTop, name, meaning.entry, diag);
  }
  for (const KeyValue& entry : entries) {
    diag->Warn(entry.place, "is ignored: only labels of services reach containers");
  }
}

}  // namespace gantry::compose
