#include <algorithm>
#include <regex>

#include "apis/compose/keys.h"
#include "apis/compose/run_options.h"

namespace gantry::compose {
namespace {

using DeviceRequest = v1::RunOptions::DeviceRequest;

void ReadHost(const Field& field, std::string* out, Diagnostics* diag) {
  const auto text = ReadText(field, diag);
  if (!text || text->empty()) return;
  if (*text != "host") return diag->Unsupported(field.place, field.value, "must be host");
  *out = *text;
}

void ReadCgroup(const Field& field, std::string* out, Diagnostics* diag) {
  const auto text = ReadText(field, diag);
  if (!text || text->empty()) return;
  if (*text != "host" && *text != "private")
    return diag->Unsupported(field.place, field.value, "must be private or host");
  *out = *text;
}

void ReadCgroupParent(const Field& field, std::string* out, Diagnostics* diag) {
  const auto text = ReadText(field, diag);
  if (!text || text->empty()) return;
  if (text->size() > 4096 || text->find_first_of(" \t\r\n") != std::string::npos)
    return diag->Invalid(field.place, field.value, "must be a control group without blanks");
  *out = *text;
}

void ReadRuntime(const Field& field, std::string* out, Diagnostics* diag) {
  const auto text = ReadText(field, diag);
  if (!text || text->empty()) return;
  constexpr char kAllowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./-";
  const char first = (*text)[0];
  if (text->size() > 256 || first == '.' || first == '/' || first == '-' || first == '_' ||
      text->find_first_not_of(kAllowed) != std::string::npos) {
    return diag->Invalid(field.place, field.value, "must be the name of an OCI runtime");
  }
  *out = *text;
}

void ReadDeviceRules(const Field& field, v1::RunOptions::Texts* out, Diagnostics* diag) {
  if (!IsList(field, diag)) return;
  for (size_t i = 0; i < field.value.size(); ++i) {
    const Field item = field.Item(i);
    const auto rule = ReadText(item, diag);
    if (!rule) continue;
    static const std::regex pattern(R"([acb] ([0-9]+|\*):([0-9]+|\*) [rwm]{1,3})");
    if (rule->size() < 64 && std::regex_match(*rule, pattern)) out->push_back(*rule);
    else
      diag->Invalid(item.place, item.value,
                    "must be a rule of the control group, such as c 1:3 rwm");
  }
}

void ReadCount(const Field& field, int* out, Diagnostics* diag) {
  if (field.value == "all") *out = -1;
  else if (const auto count = ReadWhole(field, -1, 1024, diag)) *out = static_cast<int>(*count);
}

void ReadRequestOptions(const Field& field, v1::RunOptions::TextMap* out, Diagnostics* diag) {
  for (const KeyValue& entry : ReadKeyValues(field, {}, diag)) {
    if (!entry.value) diag->Invalid(entry.place, nullptr, "must have a value");
    else if (!out->emplace(entry.key, *entry.value).second) diag->Duplicate(entry.place, entry.key);
  }
}

DeviceRequest ReadRequest(const Field& item, Diagnostics* diag) {
  DeviceRequest out;
  for (const auto& [key, value] : item.value.items()) {
    if (!CheckKey(Scope::kDeviceRequest, item.place, key, value, diag) || value.is_null()) continue;
    const Field field = item.Member(key);
    if (key == "driver") out.driver = ReadText(field, diag).value_or("");
    else if (key == "count") ReadCount(field, &out.count, diag);
    else if (key == "device_ids") out.ids = ReadSet(field, diag);
    else if (key == "capabilities") out.capabilities = ReadSet(field, diag);
    else ReadRequestOptions(field, &out.options, diag);
  }
  if (out.count != 0 && !out.ids.empty()) {
    diag->Invalid(Join(item.place, "count"), item.value["count"],
                  "cannot stand beside device_ids, which are counted by themselves");
  }
  if (out.count == 0 && out.ids.empty()) out.count = -1;
  return out;
}

void ReadGpus(const Field& field, std::vector<DeviceRequest>* out, Diagnostics* diag) {
  if (field.value == "all") {
    out->push_back({"", -1, {}, {"gpu"}, {}});
    return;
  }
  std::vector<DeviceRequest> requests;
  ReadDeviceRequests(field, &requests, diag);
  for (DeviceRequest& request : requests) {
    auto& capabilities = request.capabilities;
    if (std::find(capabilities.begin(), capabilities.end(), "gpu") == capabilities.end())
      capabilities.emplace_back("gpu");
    out->push_back(std::move(request));
  }
}

}  // namespace

void ReadDeviceRequests(const Field& field, std::vector<DeviceRequest>* out, Diagnostics* diag) {
  if (!IsList(field, diag)) return;
  for (size_t i = 0; i < field.value.size(); ++i) {
    const Field item = field.Item(i);
    if (IsMap(item, diag)) out->push_back(ReadRequest(item, diag));
  }
}

bool ReadIsolationKey(const std::string& key, const Field& field, v1::RunOptions* run,
                      Diagnostics* diag) {
  if (key == "uts") ReadHost(field, &run->uts, diag);
  else if (key == "userns_mode") ReadHost(field, &run->userns, diag);
  else if (key == "cgroup") ReadCgroup(field, &run->cgroup, diag);
  else if (key == "cgroup_parent") ReadCgroupParent(field, &run->cgroup_parent, diag);
  else if (key == "runtime") ReadRuntime(field, &run->runtime, diag);
  else if (key == "device_cgroup_rules") ReadDeviceRules(field, &run->device_cgroup_rules, diag);
  else if (key == "gpus") ReadGpus(field, &run->device_requests, diag);
  else return false;
  return true;
}

}  // namespace gantry::compose
