#include "apis/gantry.dev/v1/namespace_policy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

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

// `path` is `dir` or below it. Both are clean.
bool IsBelow(std::string_view path, std::string_view dir) {
  return dir == "/" || path == dir ||
         (path.size() > dir.size() && path.substr(0, dir.size()) == dir && path[dir.size()] == '/');
}

// `path` is in `dir`, or shows it.
bool Touches(std::string_view path, std::string_view dir) {
  return IsBelow(path, dir) || IsBelow(dir, path);
}

// Where engines and their helpers listen.
constexpr const char* kSockets[] = {"/run/docker.sock", "/run/docker", "/run/containerd",
                                    "/run/podman",      "/run/crio",   "/run/user"};

// Links of the kernel through which everything can be seen: /proc/1/root/run.
bool IsKernelLink(std::string_view path) {
  if (!IsBelow(path, "/proc")) return false;
  return path.find("/root") != path.npos || path.find("/cwd") != path.npos ||
         path.find("/fd") != path.npos || path.find("/map_files") != path.npos;
}

bool IsSocketName(std::string_view path) {
  return path.ends_with("/docker.sock") || path.ends_with("/containerd.sock") ||
         path.ends_with("/podman.sock");
}

// What of the protected paths `path` is, or shows; empty for none.
std::string Protected(const NamespaceRules& rules, const std::string& path) {
  for (const char* socket : kSockets) {
    if (Touches(path, socket)) return "a socket of the engine";
  }
  // On some hosts /var/run is no link.
  if (path == "/var" || IsKernelLink(path) || IsSocketName(path)) return "a socket of the engine";
  for (const std::string& own : rules.protected_paths) {
    if (Touches(path, own)) return own + ", which is Gantry's or the engine's own";
  }
  return "";
}

// Directories whose writer, or reader, is as good as root.
bool IsOfTheSystem(const std::string& path) {
  static constexpr const char* kSystem[] = {
      "/bin",  "/boot", "/dev", "/etc", "/lib", "/lib32",   "/lib64",     "/proc",
      "/root", "/sbin", "/sys", "/run", "/usr", "/var/lib", "/var/spool", "/var/log"};
  return std::any_of(std::begin(kSystem), std::end(kSystem),
                     [&path](const char* dir) { return Touches(path, dir); });
}

// `path` is at or below one that the namespace names.
bool IsAllowed(const NamespaceRules& rules, const std::string& path) {
  return std::any_of(rules.bind_paths.begin(), rules.bind_paths.end(),
                     [&path](const std::string& dir) { return IsBelow(path, dir); });
}

// The same by an entry that can only mean what is protected: `/` allows no socket.
bool IsAllowedByName(const NamespaceRules& rules, const std::string& path) {
  return std::any_of(rules.bind_paths.begin(), rules.bind_paths.end(), [&](const auto& dir) {
    if (!IsBelow(path, dir)) return false;
    const bool is_socket = std::any_of(std::begin(kSockets), std::end(kSockets),
                                       [&](const char* socket) { return IsBelow(dir, socket); });
    return is_socket || IsKernelLink(dir) || IsSocketName(dir) ||
           std::any_of(rules.protected_paths.begin(), rules.protected_paths.end(),
                       [&](const std::string& own) { return IsBelow(dir, own); });
  });
}

std::string AllowedPaths(const NamespaceRules& rules) {
  return rules.bind_paths.empty() ? "no path"
                                  : fmt::format("{}", fmt::join(rules.bind_paths, ", "));
}

// An image in full, without tag and digest: `nginx:1` is `docker.io/library/nginx`.
struct ImageName {
  std::string registry;
  std::string repository;  // with the registry
  std::string full;        // with tag and digest
};

ImageName ParseImageName(std::string_view image) {
  ImageName out;
  const size_t slash = image.find('/');
  const std::string_view first = image.substr(0, slash);
  // As engines tell: a path has no capital letters, so that a word with some is a host.
  const bool has_capital =
      std::any_of(first.begin(), first.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  const bool has_registry = slash != image.npos && (first.find_first_of(".:") != first.npos ||
                                                    first == "localhost" || has_capital);
  out.registry = has_registry ? std::string(first) : "docker.io";
  if (out.registry == "index.docker.io") out.registry = "docker.io";
  std::string rest(has_registry ? image.substr(slash + 1) : image);
  if (out.registry == "docker.io" && rest.find('/') == rest.npos && rest != "*")
    rest = "library/" + rest;
  out.full = out.registry + "/" + rest;
  out.repository = out.full.substr(0, out.full.find('@'));
  const size_t last = out.repository.rfind('/');
  if (const size_t colon = out.repository.find(':', last); colon != std::string::npos)
    out.repository.resize(colon);
  return out;
}

// `*` stands for any text.
bool Matches(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0, star = pattern.npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != pattern.npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

// The id of an image that a host has, whoever brought it there, or the beginning of one.
bool MayBeImageId(std::string_view image) {
  return image.starts_with("sha256:") || image.find_first_not_of("0123456789abcdef") == image.npos;
}

bool IsAllowedImage(const NamespaceRules& rules, const std::string& image) {
  const ImageName name = ParseImageName(image);
  for (const std::string& registry : rules.registries) {
    if (Matches(registry, name.registry)) return true;
  }
  return std::any_of(rules.images.begin(), rules.images.end(), [&name](const auto& pattern) {
    const std::string full = ParseImageName(pattern).full;
    return Matches(full, name.repository) || Matches(full, name.full);
  });
}

std::string ImageFault(const NamespaceRules& rules, const std::string& image) {
  if (rules.registries.empty() && rules.images.empty()) return "";
  if (std::find(rules.images.begin(), rules.images.end(), "*") != rules.images.end()) return "";
  const bool may_be_id = MayBeImageId(image);
  if (!may_be_id && IsAllowedImage(rules, image)) return "";
  std::vector<std::string> allowed;
  if (!rules.registries.empty())
    allowed.push_back(fmt::format("registries {} ({})", fmt::join(rules.registries, ", "),
                                  kAnnotationRegistries));
  if (!rules.images.empty())
    allowed.push_back(
        fmt::format("images {} ({})", fmt::join(rules.images, ", "), kAnnotationImages));
  return fmt::format("{} {}: {}", image,
                     may_be_id ? "may be the id of any image of a host; write a tag or a digest "
                                 "behind a name; the namespace allows"
                               : "is not what the namespace allows",
                     fmt::join(allowed, "; "));
}

}  // namespace

std::string CleanPath(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const size_t slash = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(std::min(slash + 1, path.size()));
    if (part == ".." && !parts.empty()) parts.pop_back();
    else if (!part.empty() && part != "." && part != "..") parts.push_back(part);
    // The link that every host has counts before a `..` behind it does.
    if (parts.size() == 2 && parts[0] == "var" && parts[1] == "run") parts = {"run"};
  }
  std::string out;
  for (const std::string_view part : parts) out.append("/").append(part);
  return out.empty() ? "/" : out;
}

std::string SocketOf(std::string_view endpoint) {
  constexpr std::string_view kPrefix = kUnixEndpoint;
  return endpoint.starts_with(kPrefix) ? CleanPath(endpoint.substr(kPrefix.size())) : "";
}

std::vector<std::string> SplitList(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    std::string_view part = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
    while (!part.empty() && blank(part.front())) part.remove_prefix(1);
    while (!part.empty() && blank(part.back())) part.remove_suffix(1);
    if (!part.empty()) out.emplace_back(part);
  }
  return out;
}

std::string BindFault(const NamespaceRules& rules, std::string_view source) {
  const std::string path = CleanPath(source);
  const auto fault = [&](std::string_view what, std::string_view label) {
    std::string text = fmt::format("{} is {}; the annotation {} of the namespace allows {}", source,
                                   what, kAnnotationBindPaths, AllowedPaths(rules));
    if (!label.empty()) text += fmt::format("; or its label {} must be {}", kLabelPolicy, label);
    return text;
  };
  if (const std::string what = Protected(rules, path); !what.empty()) {
    // A directory above is never named: it would show more than was meant.
    if (IsAllowedByName(rules, path)) return "";
    return fault("or shows " + what + ", which is not mounted unless named", "");
  }
  if (rules.policy == NamespacePolicy::kPrivileged || IsAllowed(rules, path)) return "";
  if (rules.policy == NamespacePolicy::kRestricted)
    return fault("a path of the host, which the namespace does not allow",
                 "Baseline or Privileged");
  if (!IsOfTheSystem(path)) return "";
  return fault("a path of the host's system, which the namespace does not allow", "Privileged");
}

NamespaceRules NamespaceRules::From(const Object& ns) {
  NamespaceRules rules;
  rules.policy =
      ParseNamespacePolicy(ns.label(kLabelPolicy)).value_or(NamespacePolicy::kRestricted);
  for (const std::string& path : SplitList(ns.annotation(kAnnotationBindPaths)))
    rules.bind_paths.push_back(CleanPath(path));
  rules.registries = SplitList(ns.annotation(kAnnotationRegistries));
  rules.images = SplitList(ns.annotation(kAnnotationImages));
  return rules;
}

FieldErrors CheckNamespaceRules(const Object& ns) {
  FieldErrors errors;
  if (const std::string_view policy = ns.label(kLabelPolicy); !ParseNamespacePolicy(policy))
    errors.push_back(NotSupported(fmt::format("metadata.labels[{}]", kLabelPolicy), policy,
                                  {"Restricted", "Baseline", "Privileged"}));
  const auto complain = [&](const char* annotation, const std::string& value, const char* what) {
    errors.push_back(Invalid(fmt::format("metadata.annotations[{}]", annotation), value, what));
  };
  for (const char* annotation : {kAnnotationBindPaths, kAnnotationProtectedPaths}) {
    for (const std::string& path : SplitList(ns.annotation(annotation))) {
      if (path[0] != '/' || path.find("/../") != path.npos || path.ends_with("/.."))
        complain(annotation, path, "must be an absolute path without '..'");
    }
  }
  for (const std::string& registry : SplitList(ns.annotation(kAnnotationRegistries))) {
    if (registry.find('/') != registry.npos)
      complain(kAnnotationRegistries, registry,
               "must be a host with or without a port, such as registry.example.com:5000");
  }
  return errors;
}

std::optional<NamespacePolicy> ParseNamespacePolicy(std::string_view text) {
  if (text.empty() || text == "Restricted") return NamespacePolicy::kRestricted;
  if (text == "Baseline") return NamespacePolicy::kBaseline;
  if (text == "Privileged") return NamespacePolicy::kPrivileged;
  return std::nullopt;
}

std::vector<PolicyFault> CheckPolicy(const NamespaceRules& rules, const ContainerTemplate& tmpl) {
  std::vector<PolicyFault> out;
  if (std::string fault = ImageFault(rules, tmpl.image); !fault.empty())
    out.push_back({"image", "image", std::move(fault)});
  for (size_t i = 0; i < tmpl.mounts.size(); ++i) {
    if (tmpl.mounts[i].type != "bind") continue;
    if (std::string fault = BindFault(rules, tmpl.mounts[i].source); !fault.empty())
      out.push_back({fmt::format("mounts[{}].source", i), "volumes", std::move(fault)});
  }
  if (rules.policy == NamespacePolicy::kPrivileged) return out;
  const RunOptions& run = tmpl.run;
  const auto forbid = [&out](bool asked, const char* field, const char* compose,
                             std::string_view value) {
    if (asked) out.push_back({field, compose, fmt::format("{} {}", value, kNeedsPrivileged)});
  };
  forbid(run.security.privileged, "security.privileged", "privileged", "true");
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
  forbid(!run.devices.empty(), "devices", "devices",
         run.devices.empty() ? "" : run.devices[0].host_path);
  forbid(!run.device_cgroup_rules.empty(), "deviceCgroupRules", "device_cgroup_rules",
         run.device_cgroup_rules.empty() ? "" : run.device_cgroup_rules[0]);
  forbid(run.network.mode == "host", "network.mode", "network_mode", "host");
  forbid(run.pid == "host", "pid", "pid", "host");
  forbid(run.ipc == "host", "ipc", "ipc", "host");
  forbid(run.uts == "host", "uts", "uts", "host");
  forbid(run.userns == "host", "userns", "userns_mode", "host");
  forbid(run.cgroup == "host", "cgroup", "cgroup", "host");
  forbid(!run.cgroup_parent.empty(), "cgroupParent", "cgroup_parent", run.cgroup_parent);
  forbid(run.oom_kill_disable, "oomKillDisable", "oom_kill_disable", "true");
  forbid(run.tuning.oom_score_adjustment.value_or(0) < 0, "tuning.oomScoreAdjustment",
         "oom_score_adj", std::to_string(run.tuning.oom_score_adjustment.value_or(0)));
  return out;
}

}  // namespace gantry::v1
