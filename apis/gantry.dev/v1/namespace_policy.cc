#include "apis/gantry.dev/v1/namespace_policy.h"

#include <fmt/format.h>

#include <algorithm>

namespace gantry::v1 {
namespace {

constexpr char kNeedsPrivileged[] =
    "gives power over the host, which the namespace does not allow; its label gantry.dev/policy "
    "must be Privileged";

// What engines give without being asked.
bool IsUsualCapability(const std::string& name) {
  static constexpr const char* kUsual[] = {
      "AUDIT_WRITE",      "CHOWN",   "DAC_OVERRIDE", "FOWNER", "FSETID",  "KILL",   "MKNOD",
      "NET_BIND_SERVICE", "NET_RAW", "SETFCAP",      "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"};
  return std::any_of(std::begin(kUsual), std::end(kUsual),
                     [&name](const char* usual) { return name == usual; });
}

// Options that leave a container no more than it has without them.
bool IsProtective(const std::string& option) {
  return option == "no-new-privileges" ||
         (option.starts_with("apparmor=") && option != "apparmor=unconfined");
}

// `/a//b/./c/../d/` is `/a/b/d`.
std::string CleanPath(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const size_t slash = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(std::min(slash + 1, path.size()));
    if (part == ".." && !parts.empty()) parts.pop_back();
    else if (!part.empty() && part != "." && part != "..") parts.push_back(part);
  }
  std::string out;
  for (const std::string_view part : parts) out.append("/").append(part);
  return out.empty() ? "/" : out;
}

// `path` is `dir` or below it.
bool IsBelow(const std::string& path, std::string_view dir) {
  return dir == "/" || path == dir ||
         (path.size() > dir.size() && path.compare(0, dir.size(), dir) == 0 &&
          path[dir.size()] == '/');
}

// Sockets of engines, and every directory that shows one.
bool ShowsEngineSocket(const std::string& path) {
  static constexpr const char* kSockets[] = {"/run/docker.sock", "/var/run/docker.sock",
                                             "/run/containerd",  "/var/run/containerd",
                                             "/run/podman",      "/var/run/podman"};
  return std::any_of(std::begin(kSockets), std::end(kSockets), [&path](const char* socket) {
    return IsBelow(socket, path) || IsBelow(path, socket);
  });
}

// Directories whose writer, or reader, is as good as root.
bool IsOfTheSystem(const std::string& path) {
  static constexpr const char* kSystem[] = {
      "/bin",  "/boot", "/dev", "/etc", "/lib",     "/lib32",   "/lib64",     "/proc",   "/root",
      "/sbin", "/sys",  "/run", "/usr", "/var/run", "/var/lib", "/var/spool", "/var/log"};
  return std::any_of(std::begin(kSystem), std::end(kSystem),
                     [&path](const char* dir) { return IsBelow(path, dir) || IsBelow(dir, path); });
}

std::string BindFault(NamespacePolicy policy, const std::string& source) {
  const std::string path = CleanPath(source);
  if (ShowsEngineSocket(path)) return "or shows a socket of the engine, which is never mounted";
  if (policy == NamespacePolicy::kPrivileged) return "";
  if (policy == NamespacePolicy::kRestricted) {
    return "a path of the host, which the namespace does not allow; its label gantry.dev/policy "
           "must be Baseline or Privileged";
  }
  if (!IsOfTheSystem(path)) return "";
  return "a path of the host's system, which the namespace does not allow; its label "
         "gantry.dev/policy must be Privileged";
}

}  // namespace

std::optional<NamespacePolicy> ParseNamespacePolicy(std::string_view text) {
  if (text.empty() || text == "Restricted") return NamespacePolicy::kRestricted;
  if (text == "Baseline") return NamespacePolicy::kBaseline;
  if (text == "Privileged") return NamespacePolicy::kPrivileged;
  return std::nullopt;
}

std::vector<PolicyFault> CheckPolicy(NamespacePolicy policy, const ContainerTemplate& tmpl) {
  std::vector<PolicyFault> out;
  for (size_t i = 0; i < tmpl.mounts.size(); ++i) {
    if (tmpl.mounts[i].type != "bind") continue;
    if (std::string fault = BindFault(policy, tmpl.mounts[i].source); !fault.empty())
      out.push_back({fmt::format("mounts[{}].source", i), "volumes",
                     fmt::format("{} is {}", tmpl.mounts[i].source, fault)});
  }
  if (policy == NamespacePolicy::kPrivileged) return out;
  const RunOptions& run = tmpl.run;
  const auto forbid = [&out](bool asked, const char* field, const char* compose) {
    if (asked) out.push_back({field, compose, kNeedsPrivileged});
  };
  forbid(run.security.privileged, "security.privileged", "privileged");
  for (size_t i = 0; i < run.security.cap_add.size(); ++i) {
    if (IsUsualCapability(run.security.cap_add[i])) continue;
    out.push_back({fmt::format("security.capAdd[{}]", i), "cap_add",
                   fmt::format("{} {}", run.security.cap_add[i], kNeedsPrivileged)});
  }
  for (size_t i = 0; i < run.security.options.size(); ++i) {
    if (IsProtective(run.security.options[i])) continue;
    out.push_back({fmt::format("security.options[{}]", i), "security_opt",
                   fmt::format("{} {}", run.security.options[i], kNeedsPrivileged)});
  }
  forbid(!run.devices.empty(), "devices", "devices");
  forbid(!run.device_cgroup_rules.empty(), "deviceCgroupRules", "device_cgroup_rules");
  forbid(run.network.mode == "host", "network.mode", "network_mode");
  forbid(run.pid == "host", "pid", "pid");
  forbid(run.ipc == "host", "ipc", "ipc");
  forbid(run.uts == "host", "uts", "uts");
  forbid(run.userns == "host", "userns", "userns_mode");
  forbid(run.cgroup == "host", "cgroup", "cgroup");
  forbid(!run.cgroup_parent.empty(), "cgroupParent", "cgroup_parent");
  forbid(run.oom_kill_disable, "oomKillDisable", "oom_kill_disable");
  forbid(run.tuning.oom_score_adjustment.value_or(0) < 0, "tuning.oomScoreAdjustment",
         "oom_score_adj");
  return out;
}

}  // namespace gantry::v1
