#include <algorithm>

#include "apis/compose/keys.h"
#include "apis/compose/run_options.h"

namespace gantry::compose {
namespace {

const std::vector<std::string>& Capabilities() {
  static const auto* const all = new std::vector<std::string>{"ALL",
                                                              "AUDIT_CONTROL",
                                                              "AUDIT_READ",
                                                              "AUDIT_WRITE",
                                                              "BLOCK_SUSPEND",
                                                              "BPF",
                                                              "CHECKPOINT_RESTORE",
                                                              "CHOWN",
                                                              "DAC_OVERRIDE",
                                                              "DAC_READ_SEARCH",
                                                              "FOWNER",
                                                              "FSETID",
                                                              "IPC_LOCK",
                                                              "IPC_OWNER",
                                                              "KILL",
                                                              "LEASE",
                                                              "LINUX_IMMUTABLE",
                                                              "MAC_ADMIN",
                                                              "MAC_OVERRIDE",
                                                              "MKNOD",
                                                              "NET_ADMIN",
                                                              "NET_BIND_SERVICE",
                                                              "NET_BROADCAST",
                                                              "NET_RAW",
                                                              "PERFMON",
                                                              "SETFCAP",
                                                              "SETGID",
                                                              "SETPCAP",
                                                              "SETUID",
                                                              "SYSLOG",
                                                              "SYS_ADMIN",
                                                              "SYS_BOOT",
                                                              "SYS_CHROOT",
                                                              "SYS_MODULE",
                                                              "SYS_NICE",
                                                              "SYS_PACCT",
                                                              "SYS_PTRACE",
                                                              "SYS_RAWIO",
                                                              "SYS_RESOURCE",
                                                              "SYS_TIME",
                                                              "SYS_TTY_CONFIG",
                                                              "WAKE_ALARM"};
  return *all;
}

std::vector<std::string> ReadCapabilities(const Field& field, Diagnostics* diag) {
  std::vector<std::string> out;
  if (!IsList(field, diag)) return out;
  for (size_t i = 0; i < field.value.size(); ++i) {
    const Field item = field.Item(i);
    auto name = ReadText(item, diag);
    if (!name) continue;
    for (char& c : *name) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    if (name->compare(0, 4, "CAP_") == 0) name->erase(0, 4);
    const auto& all = Capabilities();
    if (std::find(all.begin(), all.end(), *name) == all.end()) {
      std::string detail = "is not a capability of Linux";
      if (const std::string meant = Nearest(*name, all); !meant.empty())
        detail += "; did you mean \"" + meant + "\"?";
      diag->Unsupported(item.place, item.value, detail);
    } else if (std::find(out.begin(), out.end(), *name) == out.end()) {
      out.push_back(*std::move(name));
    }
  }
  return out;
}

bool IsSecurityLabel(const std::string& value) {
  if (value == "disable") return true;
  const size_t colon = std::min(value.find(':'), value.size());
  const std::string kind = value.substr(0, colon);
  return (kind == "user" || kind == "role" || kind == "type" || kind == "level") &&
         colon + 1 < value.size();
}

// `name=value`, or `name:value` as older files have it. Nothing for an option that says nothing.
std::optional<std::string> ReadSecurityOption(const Field& item, Diagnostics* diag) {
  const auto text = ReadText(item, diag);
  if (!text) return std::nullopt;
  const size_t end = std::min(text->find_first_of("=:"), text->size());
  const std::string name = text->substr(0, end);
  const std::string value = text->substr(std::min(end + 1, text->size()));
  if (name == "no-new-privileges" && (end == text->size() || value == "true")) return name;
  if (name == "no-new-privileges" && value == "false") return std::nullopt;
  const bool taken = (name == "seccomp" && value == "unconfined") ||
                     (name == "apparmor" && !value.empty()) ||
                     (name == "systempaths" && value == "unconfined") ||
                     (name == "label" && IsSecurityLabel(value));
  if (taken && value.find_first_of(" \t\r\n") == std::string::npos) return name + "=" + value;
  if (name == "seccomp") {
    diag->Forbidden(item.place,
                    "profiles of seccomp are files of the client, which are not at hand "
                    "here; without one the engine's own is used");
  } else {
    diag->Unsupported(item.place, item.value,
                      "must be no-new-privileges, apparmor=PROFILE, seccomp=unconfined, "
                      "systempaths=unconfined, label=disable or label=user|role|type|level:VALUE");
  }
  return std::nullopt;
}

std::vector<std::string> ReadSecurityOptions(const Field& field, Diagnostics* diag) {
  std::vector<std::string> out;
  if (!IsList(field, diag)) return out;
  for (size_t i = 0; i < field.value.size(); ++i) {
    auto option = ReadSecurityOption(field.Item(i), diag);
    if (option && std::find(out.begin(), out.end(), *option) == out.end())
      out.push_back(*std::move(option));
  }
  return out;
}

// `/dev/a`, `/dev/a:/dev/b`, `/dev/a:/dev/b:rwm`, `/dev/a:rwm`; or source, target, permissions.
std::optional<v1::RunOptions::Device> ReadDevice(const Field& item, Diagnostics* diag) {
  v1::RunOptions::Device out;
  if (item.value.is_object()) {
    for (const auto& [key, value] : item.value.items()) {
      if (!CheckKey(Scope::kDevice, item.place, key, value, diag) || value.is_null()) continue;
      const std::string text = ReadText(item.Member(key), diag).value_or("");
      (key == "source"   ? out.host_path
       : key == "target" ? out.container_path
                         : out.permissions) = text;
    }
  } else {
    const auto text = ReadText(item, diag);
    if (!text) return std::nullopt;
    const size_t first = std::min(text->find(':'), text->size());
    out.host_path = text->substr(0, first);
    const std::string rest = text->substr(std::min(first + 1, text->size()));
    const size_t second = std::min(rest.find(':'), rest.size());
    if (!rest.empty() && rest[0] != '/' && second == rest.size()) {
      out.permissions = rest;
    } else {
      out.container_path = rest.substr(0, second);
      out.permissions = rest.substr(std::min(second + 1, rest.size()));
    }
  }
  const auto bad = [](const std::string& path) { return !path.empty() && path[0] != '/'; };
  // In the order of the engine's own words.
  std::string permissions;
  for (const char c : {'r', 'w', 'm'})
    if (out.permissions.find(c) != std::string::npos) permissions.push_back(c);
  if (out.host_path.empty() || bad(out.host_path) || bad(out.container_path) ||
      permissions.size() != out.permissions.size()) {
    diag->Invalid(item.place, item.value,
                  "must be /dev/path[:/dev/path in the container][:permissions of rwm]");
    return std::nullopt;
  }
  out.permissions = permissions;
  return out;
}

void ReadDevices(const Field& field, std::vector<v1::RunOptions::Device>* out, Diagnostics* diag) {
  if (!IsList(field, diag)) return;
  for (size_t i = 0; i < field.value.size(); ++i) {
    if (auto device = ReadDevice(field.Item(i), diag)) out->push_back(*std::move(device));
  }
}

void ReadPid(const Field& field, std::string* out, Diagnostics* diag) {
  const std::string mode = ScalarText(field.value).value_or("?");
  const std::string kind = mode.substr(0, mode.find(':'));
  if (mode == "host") *out = mode;
  else if (kind == "service" || kind == "container")
    diag->Forbidden(field.place,
                    "replicas come and go on any host, so that none can see another's processes");
  else if (!mode.empty()) diag->Unsupported(field.place, field.value, "must be host");
}

}  // namespace

bool ReadSecurityKey(const std::string& key, const Field& field, v1::RunOptions* run,
                     Diagnostics* diag) {
  if (key == "cap_add") run->security.cap_add = ReadCapabilities(field, diag);
  else if (key == "cap_drop") run->security.cap_drop = ReadCapabilities(field, diag);
  else if (key == "privileged") run->security.privileged = ReadBool(field, diag).value_or(false);
  else if (key == "devices") ReadDevices(field, &run->devices, diag);
  else if (key == "pid") ReadPid(field, &run->pid, diag);
  else if (key == "oom_kill_disable") run->oom_kill_disable = ReadBool(field, diag).value_or(false);
  else if (key == "security_opt") run->security.options = ReadSecurityOptions(field, diag);
  else return false;
  return true;
}

}  // namespace gantry::compose
