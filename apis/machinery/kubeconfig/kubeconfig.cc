#include "apis/machinery/kubeconfig/kubeconfig.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "apis/machinery/base/encoding.h"
#include "apis/machinery/meta/object.h"
#include "apis/machinery/yaml/yaml.h"

namespace gantry::kubeconfig {
namespace {

namespace fs = std::filesystem;

Error ConfigError(std::string message) { return Error(Code::kBadRequest, std::move(message)); }

Result<std::string> ReadFile(const std::string& path) {
  std::error_code ec;
  if (fs::is_directory(path, ec)) return ConfigError(fmt::format("read {}: is a directory", path));
  std::ifstream in(path, std::ios::binary);
  if (!in) return ConfigError(fmt::format("read {}: no such file, or not readable", path));
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// A named entry and the directory of the file that it stands in.
struct Entry {
  Json value = Json::object();
  fs::path directory;
  bool found = false;
};

struct Merged {
  std::vector<std::pair<Json, fs::path>> files;

  std::string CurrentContext() const {
    for (const auto& file : files) {
      if (std::string c = GetString(file.first, "current-context"); !c.empty()) return c;
    }
    return "";
  }
  // The entry `name` of the list `clusters`, `users` or `contexts`, whose body is in `field`.
  Entry Find(const char* list, const char* field, const std::string& name) const {
    for (const auto& file : files) {
      for (const Json& item : GetArray(file.first, list)) {
        if (GetString(item, "name") == name) return {GetObject(item, field), file.second, true};
      }
    }
    return {};
  }
};

Status AddFile(const std::string& path, Merged* merged) {
  GANTRY_TRY_SET(const std::string text, ReadFile(path));
  auto documents = yaml::ParseYaml(text);
  if (!documents.ok()) return documents.error().Wrap(path);
  if (documents->empty()) return OkStatus();
  if (documents->size() > 1 || !(*documents)[0].value.is_object()) {
    return ConfigError(path + ": is not a kubeconfig file");
  }
  merged->files.emplace_back(std::move((*documents)[0].value), fs::absolute(path).parent_path());
  return OkStatus();
}

Result<Merged> ReadFiles(const Overrides& overrides, const Environment& env) {
  Merged merged;
  if (!overrides.kubeconfig.empty()) {
    GANTRY_TRY(AddFile(overrides.kubeconfig, &merged));
    return merged;
  }
  std::vector<std::string> paths;
  if (const auto list = env("KUBECONFIG"); list && !list->empty()) {
    std::stringstream in(*list);
    for (std::string path; std::getline(in, path, ':');) {
      if (!path.empty()) paths.push_back(path);
    }
  } else if (const auto home = env("HOME")) {
    paths.push_back(*home + "/.kube/config");
  }
  for (const std::string& path : paths) {
    std::error_code ec;
    if (fs::exists(path, ec)) GANTRY_TRY(AddFile(path, &merged));
  }
  return merged;
}

std::string Resolve(const Entry& entry, const std::string& path) {
  return fs::path(path).is_absolute() ? path : (entry.directory / path).string();
}

// PEM text from `<field>-data` or from the file that `<field>` names; the flag's file wins.
Result<std::string> Pem(const Entry& entry, const std::string& field, const std::string& flag) {
  if (!flag.empty()) return ReadFile(flag);
  if (const std::string data = GetString(entry.value, (field + "-data").c_str()); !data.empty()) {
    std::optional<std::string> pem = Base64Decode(data);
    if (!pem) return ConfigError(field + "-data is not base64");
    return *std::move(pem);
  }
  const std::string path = GetString(entry.value, field.c_str());
  if (path.empty()) return std::string();
  return ReadFile(Resolve(entry, path)).Wrap(field);
}

const std::string& FirstOf(const std::string& a, const std::string& b) { return a.empty() ? b : a; }

Status ApplyCluster(const Entry& cluster, const Overrides& overrides, ClientConfig* out) {
  http::TransportOptions& t = out->transport;
  t.server = FirstOf(overrides.server, GetString(cluster.value, "server"));
  if (t.server.empty()) {
    return ConfigError(cluster.found
                           ? "the cluster of the kubeconfig names no server"
                           : "no API server is named: set KUBECONFIG, --kubeconfig or --server");
  }
  if (t.server.find("://") == std::string::npos) t.server = "https://" + t.server;
  while (t.server.back() == '/') t.server.pop_back();
  GANTRY_TRY_SET(t.tls.ca_pem,
                 Pem(cluster, "certificate-authority", overrides.certificate_authority));
  t.tls.insecure_skip_verify = overrides.insecure_skip_tls_verify.value_or(
      GetBool(cluster.value, "insecure-skip-tls-verify"));
  t.tls.server_name =
      FirstOf(overrides.tls_server_name, GetString(cluster.value, "tls-server-name"));
  t.proxy = GetString(cluster.value, "proxy-url");
  if (t.proxy.empty()) t.proxy = http::ProxyFromEnvironment(t.server);
  return OkStatus();
}

Status ApplyUser(const Entry& user, const std::string& name, const Overrides& overrides,
                 ClientConfig* out) {
  http::TransportOptions& t = out->transport;
  GANTRY_TRY_SET(t.tls.client_cert_pem,
                 Pem(user, "client-certificate", overrides.client_certificate));
  GANTRY_TRY_SET(t.tls.client_key_pem, Pem(user, "client-key", overrides.client_key));
  t.username = FirstOf(overrides.username, GetString(user.value, "username"));
  t.password = FirstOf(overrides.password, GetString(user.value, "password"));
  if (!overrides.token.empty()) {
    t.token = overrides.token;
    return OkStatus();
  }
  t.token = GetString(user.value, "token");
  if (const std::string file = GetString(user.value, "tokenFile"); !file.empty()) {
    t.token_file = Resolve(user, file);
    GANTRY_TRY(ReadFile(t.token_file).Wrap("tokenFile"));
  }
  const bool identified = !t.token.empty() || !t.token_file.empty() || !t.username.empty() ||
                          !t.tls.client_cert_pem.empty();
  for (const char* plugin : {"exec", "auth-provider"}) {
    if (identified || !user.value.contains(plugin)) continue;
    return ConfigError(fmt::format(
        "user \"{}\": `{}` plugins are not supported; give a token or a client certificate", name,
        plugin));
  }
  return OkStatus();
}

}  // namespace

Environment ProcessEnvironment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (!value) return std::nullopt;
    return std::string(value);
  };
}

Result<ClientConfig> Load(const Overrides& overrides, const Environment& env) {
  GANTRY_TRY_SET(const Merged merged, ReadFiles(overrides, env));
  ClientConfig out;
  out.context = FirstOf(overrides.context, merged.CurrentContext());
  const Entry context = merged.Find("contexts", "context", out.context);
  if (!context.found && !out.context.empty()) {
    return ConfigError(fmt::format("context \"{}\" does not exist", out.context));
  }
  const std::string cluster_name = FirstOf(overrides.cluster, GetString(context.value, "cluster"));
  const std::string user_name = FirstOf(overrides.user, GetString(context.value, "user"));
  const Entry cluster = merged.Find("clusters", "cluster", cluster_name);
  if (!cluster.found && !cluster_name.empty() && overrides.server.empty()) {
    return ConfigError(fmt::format("cluster \"{}\" does not exist", cluster_name));
  }
  const Entry user = merged.Find("users", "user", user_name);
  if (!user.found && !user_name.empty()) {
    return ConfigError(fmt::format("user \"{}\" does not exist", user_name));
  }
  GANTRY_TRY(ApplyCluster(cluster, overrides, &out));
  GANTRY_TRY(ApplyUser(user, user_name, overrides, &out));
  out.ns = FirstOf(overrides.ns, GetString(context.value, "namespace"));
  if (out.ns.empty()) out.ns = "default";
  return out;
}

}  // namespace gantry::kubeconfig
