#include "controllers/hosts/host_pool.h"

#include "apis/machinery/base/encoding.h"

namespace gantry::hosts {
namespace {

Result<std::string> SecretKey(const Object& secret, const char* key) {
  const std::string encoded = GetString(GetObject(secret.json(), "data"), key);
  auto decoded = Base64Decode(encoded);
  if (encoded.empty() || !decoded) {
    return Error(Code::kInvalid,
                 fmt::format("secret {}: must have the key {}", secret.key().ToString(), key));
  }
  return std::move(*decoded);
}

bool SameConnection(const v1::NodeSpec& a, const v1::NodeSpec& b) {
  const auto ref = [](const v1::NodeSpec& s) {
    return s.tls_secret ? s.tls_secret->ns + "/" + s.tls_secret->name : std::string();
  };
  return a.endpoint == b.endpoint && a.insecure == b.insecure && ref(a) == ref(b);
}

// An endpoint without what may stand before its host.
std::string WithoutUser(const std::string& endpoint) {
  const size_t scheme = endpoint.find("://");
  const size_t at = endpoint.rfind('@');
  if (scheme == std::string::npos || at == std::string::npos || at < scheme) return endpoint;
  return endpoint.substr(0, scheme + 3) + endpoint.substr(at + 1);
}

}  // namespace

Result<docker::EngineOptions> HostPool::OptionsOf(const Context& ctx,
                                                  const v1::NodeSpec& spec) const {
  docker::EngineOptions options;
  options.endpoint = spec.endpoint;
  options.insecure = spec.insecure;
  if (!spec.tls_secret) return options;
  const ObjectKey key{spec.tls_secret->ns, spec.tls_secret->name};
  GANTRY_TRY_SET(const Object secret,
                 client_.Get(ctx, v1::kSecrets, key).Wrap("spec.tlsSecretRef"));
  docker::TlsMaterial tls;
  GANTRY_TRY_SET(tls.ca_pem, SecretKey(secret, "ca.pem"));
  GANTRY_TRY_SET(tls.cert_pem, SecretKey(secret, "cert.pem"));
  GANTRY_TRY_SET(tls.key_pem, SecretKey(secret, "key.pem"));
  options.tls = std::move(tls);
  return options;
}

Result<std::shared_ptr<docker::Engine>> HostPool::EngineOf(const Context& ctx,
                                                           const std::string& node, bool refresh) {
  const ObjectPtr object = nodes_->Get({"", node});
  if (!object) {
    Drop(node);
    return Error(Code::kNotFound, fmt::format("there is no node {}", node));
  }
  const v1::NodeSpec spec = v1::NodeSpec::From(*object);
  {
    MutexLock lock(&mu_);
    const auto it = hosts_.find(node);
    if (it != hosts_.end() && !refresh && SameConnection(it->second.spec, spec))
      return it->second.engine;
  }
  GANTRY_TRY_SET(docker::EngineOptions options, OptionsOf(ctx, spec));
  std::string credentials;
  if (options.tls) credentials = options.tls->ca_pem + options.tls->cert_pem + options.tls->key_pem;

  MutexLock lock(&mu_);
  const auto it = hosts_.find(node);
  if (it != hosts_.end() && SameConnection(it->second.spec, spec) &&
      it->second.credentials == credentials) {
    return it->second.engine;
  }
  GANTRY_TRY_SET(std::shared_ptr<docker::Engine> engine, factory_(std::move(options)));
  hosts_[node] = {spec, std::move(credentials), engine};
  return engine;
}

Json HostPool::Describe(size_t limit) const {
  Json engines = Json::array();
  MutexLock lock(&mu_);
  for (const auto& [node, host] : hosts_) {
    if (engines.size() >= limit) break;
    engines.push_back({{"node", node},
                       {"endpoint", WithoutUser(host.spec.endpoint)},
                       {"tls", host.spec.tls_secret.has_value()},
                       {"users", host.engine.use_count() - 1}});
  }
  return engines;
}

void HostPool::Drop(const std::string& node) {
  MutexLock lock(&mu_);
  hosts_.erase(node);
}

std::string AddressOf(const v1::NodeSpec& spec) {
  constexpr std::string_view kTcp = "tcp://";
  if (!spec.endpoint.starts_with(kTcp)) return "127.0.0.1";
  std::string host = spec.endpoint.substr(kTcp.size());
  host = host.substr(0, host.rfind(':'));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return host;
}

}  // namespace gantry::hosts
