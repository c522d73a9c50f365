#include "apis/compose/run_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "apis/compose/keys.h"

namespace gantry::compose {
namespace {

bool IsSignal(const std::string& text) {
  if (text.empty()) return false;
  if (const auto number = ParseWhole(text)) return *number >= 1 && *number <= 64;
  return text.size() > 3 && text.compare(0, 3, "SIG") == 0 &&
         text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-") == std::string::npos;
}

void ReadStopSignal(const Field& field, std::string* out, Diagnostics* diag) {
  auto text = ReadText(field, diag);
  if (!text) return;
  if (!ParseWhole(*text) && text->compare(0, 3, "SIG") != 0) text->insert(0, "SIG");
  if (!IsSignal(*text)) {
    return diag->Invalid(field.place, field.value,
                         "must be a signal such as SIGINT, or its number");
  }
  *out = *std::move(text);
}

void ReadUser(const Field& field, std::string* out, Diagnostics* diag) {
  const auto text = ReadText(field, diag);
  if (!text) return;
  const size_t colon = text->find(':');
  const bool bad = text->size() > 256 || text->find_first_of(" \t\r\n") != std::string::npos ||
                   colon == 0 || colon == text->size() - 1 ||
                   text->find(':', colon + 1) < text->size();
  if (bad && !text->empty())
    return diag->Invalid(field.place, field.value, "must be user or user:group, by name or number");
  *out = *text;
}

void ReadPath(const Field& field, std::string* out, Diagnostics* diag) {
  const auto text = ReadText(field, diag);
  if (!text || text->empty()) return;
  if ((*text)[0] != '/')
    return diag->Invalid(field.place, field.value, "must be an absolute path in the container");
  *out = *text;
}

bool HasOnly(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == text.npos;
}

constexpr std::string_view kLowerAndDigits = "abcdefghijklmnopqrstuvwxyz0123456789";

void ReadPlatform(const Field& field, std::string* out, Diagnostics* diag) {
  const auto text = ReadText(field, diag);
  if (!text || text->empty()) return;
  const std::string_view all = *text;
  const size_t first = std::min(all.find('/'), all.size());
  const size_t second = std::min(all.find('/', first + 1), all.size());
  const bool good =
      first < all.size() && HasOnly(all.substr(0, first), kLowerAndDigits) &&
      HasOnly(all.substr(first + 1, second - first - 1), std::string(kLowerAndDigits) + "_") &&
      (second == all.size() || HasOnly(all.substr(second + 1), kLowerAndDigits));
  if (!good)
    return diag->Invalid(field.place, field.value, "must be os/architecture, such as linux/amd64");
  *out = *text;
}

void ReadLogDriver(const Field& field, std::string* out, Diagnostics* diag) {
  constexpr size_t kLongest = 256;
  const auto text = ReadText(field, diag);
  if (!text || text->empty()) return;
  const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  const bool good =
      text->size() <= kLongest && is_word(text->front()) &&
      std::all_of(text->begin(), text->end(), [&](char c) {
        return is_word(c) || std::string_view("_./:-").find(c) != std::string_view::npos;
      });
  if (!good)
    return diag->Invalid(field.place, field.value,
                         "must be the name of a log driver, such as json-file, local or journald");
  *out = *text;
}

void ReadMap(const Field& field, v1::RunOptions::TextMap* out, Diagnostics* diag) {
  for (const KeyValue& entry : ReadKeyValues(field, {}, diag)) {
    if (!entry.value) diag->Invalid(entry.place, nullptr, "must have a value");
    else if (!out->emplace(entry.key, *entry.value).second) diag->Duplicate(entry.place, entry.key);
  }
}

void ReadLogging(const Field& logging, v1::RunOptions::Logging* out, Diagnostics* diag) {
  if (!IsMap(logging, diag)) return;
  for (const auto& [key, value] : logging.value.items()) {
    if (!CheckKey(Scope::kLogging, logging.place, key, value, diag) || value.is_null()) continue;
    const Field field = logging.Member(key);
    if (key == "driver") ReadLogDriver(field, &out->driver, diag);
    else ReadMap(field, &out->options, diag);
  }
}

// The rules between keys.
void CheckTogether(const Field& service, const v1::ContainerTemplate& tmpl, Diagnostics* diag) {
  const v1::RunOptions& run = tmpl.run;
  const bool by_quota = run.tuning.cpu_period > 0 || run.tuning.cpu_quota > 0;
  if (by_quota && tmpl.limits.cpus > 0) {
    diag->Invalid(Join(service.place, run.tuning.cpu_quota > 0 ? "cpu_quota" : "cpu_period"),
                  run.tuning.cpu_quota > 0 ? run.tuning.cpu_quota : run.tuning.cpu_period,
                  "cannot stand beside a limit of cpus");
  }
  const int64_t swap = run.tuning.memory_swap_bytes;
  if (swap != 0 && tmpl.limits.memory_bytes == 0) {
    diag->Invalid(Join(service.place, "memswap_limit"), swap, "needs a limit of memory");
  } else if (swap > 0 && swap < tmpl.limits.memory_bytes) {
    diag->Invalid(Join(service.place, "memswap_limit"), swap,
                  "counts memory and swap together and must be at least the limit of memory");
  }
  if (run.network.mode.empty()) return;
  if (!run.network.links.empty())
    diag->Forbidden(Join(service.place, "links"),
                    "names are those of the application's network, which it is not on");
  for (const auto& port : tmpl.ports) {
    if (!port.host_port) continue;
    return diag->Forbidden(Join(service.place, "ports"),
                           "a container publishes ports only from the application's network");
  }
}

}  // namespace

bool ReadProcessKey(const std::string& key, const Field& field, v1::RunOptions* run,
                    Diagnostics* diag) {
  if (key == "user") ReadUser(field, &run->user, diag);
  else if (key == "group_add") run->group_add = ReadSet(field, diag);
  else if (key == "working_dir") ReadPath(field, &run->working_dir, diag);
  else if (key == "stop_signal") ReadStopSignal(field, &run->stop_signal, diag);
  else if (key == "init") run->init = ReadBool(field, diag).value_or(false);
  else if (key == "tty") run->tty = ReadBool(field, diag).value_or(false);
  else if (key == "stdin_open") run->stdin_open = ReadBool(field, diag).value_or(false);
  else if (key == "read_only") run->read_only = ReadBool(field, diag).value_or(false);
  else if (key == "platform") ReadPlatform(field, &run->platform, diag);
  else if (key == "annotations") ReadMap(field, &run->annotations, diag);
  else if (key == "storage_opt") ReadMap(field, &run->storage_options, diag);
  else if (key == "logging") ReadLogging(field, &run->logging, diag);
  else if (key == "log_driver") ReadLogDriver(field, &run->logging.driver, diag);
  else if (key == "log_opt") ReadMap(field, &run->logging.options, diag);
  else return false;
  return true;
}

void ReadRunOptions(const Field& service, v1::ContainerTemplate* tmpl, Diagnostics* diag) {
  for (const auto& [key, value] : service.value.items()) {
    // What is not done was reported when the service's keys were checked.
    const Key* known = FindKey(Scope::kService, key);
    if (known == nullptr || known->treatment != Treatment::kDone || value.is_null()) continue;
    const Field field = service.Member(key);
    v1::RunOptions* run = &tmpl->run;
    ReadProcessKey(key, field, run, diag) || ReadSecurityKey(key, field, run, diag) ||
        ReadIsolationKey(key, field, run, diag) || ReadNetworkKey(key, field, run, diag) ||
        ReadTuningKey(key, field, run, diag);
  }
  CheckTogether(service, *tmpl, diag);
}

}  // namespace gantry::compose
