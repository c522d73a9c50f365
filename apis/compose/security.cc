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

// What engines give without being asked: keeping one of them gives nothing new.
bool IsUsual(const std::string& name) {
  static const auto* const usual = new std::vector<std::string>{
      "AUDIT_WRITE",      "CHOWN",   "DAC_OVERRIDE", "FOWNER", "FSETID",  "KILL",   "MKNOD",
      "NET_BIND_SERVICE", "NET_RAW", "SETFCAP",      "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"};
  return std::find(usual->begin(), usual->end(), name) != usual->end();
}

std::vector<std::string> ReadCapabilities(const Field& field, bool add, Diagnostics* diag) {
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
    } else if (add && !IsUsual(*name)) {
      diag->Forbidden(item.place, *name +
                                      " gives power over the host and is not supported yet; "
                                      "those that engines give by default may be kept beside "
                                      "`cap_drop: [ALL]`");
    } else if (std::find(out.begin(), out.end(), *name) == out.end()) {
      out.push_back(*std::move(name));
    }
  }
  return out;
}

std::vector<std::string> ReadSecurityOptions(const Field& field, Diagnostics* diag) {
  std::vector<std::string> out;
  if (!IsList(field, diag)) return out;
  for (size_t i = 0; i < field.value.size(); ++i) {
    const Field item = field.Item(i);
    const auto text = ReadText(item, diag);
    if (!text) continue;
    if (*text == "no-new-privileges" || *text == "no-new-privileges:true" ||
        *text == "no-new-privileges=true") {
      if (out.empty()) out.push_back("no-new-privileges");
    } else if (*text != "no-new-privileges:false" && *text != "no-new-privileges=false") {
      diag->Forbidden(item.place,
                      "only no-new-privileges is supported; profiles of seccomp, "
                      "AppArmor and SELinux stay those of the host");
    }
  }
  return out;
}

}  // namespace

bool ReadSecurityKey(const std::string& key, const Field& field, v1::RunOptions* run,
                     Diagnostics* diag) {
  if (key == "cap_add") run->security.cap_add = ReadCapabilities(field, /*add=*/true, diag);
  else if (key == "cap_drop") run->security.cap_drop = ReadCapabilities(field, /*add=*/false, diag);
  else if (key == "security_opt") run->security.options = ReadSecurityOptions(field, diag);
  else return false;
  return true;
}

}  // namespace gantry::compose
