#include "apiserver/core/api_core.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "apis/gantry.dev/v1/namespace_policy.h"
#include "apis/gantry.dev/v1/resources.h"
#include "apiserver/core/default_roles.h"
#include "apiserver/core/samples.h"
#include "apiserver/endpoints/api_handler.h"
#include "apiserver/rbac/follower.h"
#include "apiserver/registry/builtin.h"
#include "apiserver/registry/crd_follower.h"
#include "apiserver/registry/field_tracking.h"
#include "apiserver/registry/system_user.h"

namespace gantry::apiserver {
namespace {

constexpr const char* kNamespaces[] = {"default", "kube-system", "gantry-system"};

std::unique_ptr<const ServiceAccountAuthenticator> MakeAccounts(const ApiCore::Options& options,
                                                                CacheSet* caches) {
  if (options.service_accounts == nullptr) return nullptr;
  return std::make_unique<const ServiceAccountAuthenticator>(options.service_accounts, caches,
                                                             options.clock);
}

std::unique_ptr<const TokenAuthenticator> AllTokens(const ServiceAccountAuthenticator* accounts,
                                                    const TokenAuthenticator* others) {
  std::vector<const TokenAuthenticator*> parts;
  if (accounts != nullptr) parts.push_back(accounts);
  if (others != nullptr) parts.push_back(others);
  return NewTokenUnion(std::move(parts));
}

}  // namespace

ApiCore::ApiCore(store::Store* store, Options options)
    : store_(store),
      options_(options),
      render_(RenderManagedFields),
      timer_(Clock::Real()),
      caches_(store, &render_, options.cache),
      accounts_(MakeAccounts(options, &caches_)),
      tokens_(AllTokens(accounts_.get(), options.tokens)),
      pool_(options.threads),
      stream_pool_(options.stream_threads),
      webhook_pool_(options.webhook_threads),
      documents_(&kinds_),
      registry_({&caches_, store, &kinds_, &policy_, &pool_, &webhook_pool_, options.clock,
                 options.random, &render_}),
      maintenance_(&registry_, options.maintenance),
      certificates_(&registry_, options.certificates),
      endpoints_{&caches_,       store,       &kinds_,         &registry_,
                 &timer_,        &pool_,      &stream_pool_,   &webhook_pool_,
                 options.random, &documents_, options.streams, options.service_accounts,
                 tokens_.get()},
      handler_(MakeApiHandler(&endpoints_)) {}

ApiCore::~ApiCore() { Stop(); }

Status ApiCore::Start(const Context& ctx) {
  GANTRY_TRY(RegisterBuiltinKinds(&kinds_, &caches_));
  CrdFollower::Install(&kinds_, &caches_,
                       {[this](const std::string& name) { maintenance_.CrdIsTerminating(name); },
                        [this](const std::string& name) { maintenance_.ReviewCrd(name); },
                        options_.webhooks, options_.random});
  rbac::Follow(&policy_, &caches_,
               [this](const std::string& name) { maintenance_.AggregateRole(name); });
  certificates_.Follow(&caches_);
  GANTRY_TRY(caches_.Start(ctx));
  for (const char* name : kNamespaces) GANTRY_TRY(MakeNamespace(ctx, name));
  GANTRY_TRY(ProtectPaths(ctx));
  GANTRY_TRY(MakeDefaultRoles(&registry_, ctx));
  GANTRY_TRY(MakeSamples(&registry_, ctx));
  maintenance_.Start();
  certificates_.Start();
  return OkStatus();
}

void ApiCore::Stop() {
  certificates_.Stop();
  maintenance_.Stop();
  caches_.Stop();
}

bool ApiCore::Serves(const RequestInfo& info) const {
  const Result<Target> target = kinds_.Find(info.group, info.version, info.resource);
  return target.ok() && (info.subresource.empty() || HasSubresource(*target, info.subresource));
}

Status ApiCore::Ready() const {
  GANTRY_TRY(caches_.Health());
  return store_->Health();
}

Status ApiCore::MakeNamespace(const Context& ctx, const std::string& name) {
  GANTRY_TRY_SET(const Target target, kinds_.Find("", "v1", "namespaces"));
  if (registry_.Get(target, "", name).ok()) return OkStatus();
  std::vector<std::string> warnings;
  const WriteScope scope = SystemScope(target, {}, ctx, &warnings);
  Json object = {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}}}};
  const Result<Written> written = RunBlocking(registry_.Create(scope, std::move(object)));
  if (!written.ok() && written.code() != Code::kAlreadyExists) {
    return Error(written.error()).Wrap("make namespace \"" + name + "\"");
  }
  return OkStatus();
}

Status ApiCore::ProtectPaths(const Context& ctx) {
  if (options_.protected_paths.empty()) return OkStatus();
  GANTRY_TRY_SET(const Target target, kinds_.Find("", "v1", "namespaces"));
  std::vector<std::string> warnings;
  const WriteScope scope = SystemScope(target, {"", v1::kSystemNamespace}, ctx, &warnings);
  Mutation mutation;
  mutation.apply = [this](const Json& current) -> Result<Json> {
    Object object(current);
    std::vector<std::string> paths =
        v1::SplitList(object.annotation(v1::kAnnotationProtectedPaths));
    for (const std::string& path : options_.protected_paths) {
      const std::string clean = v1::CleanPath(path);
      if (std::find(paths.begin(), paths.end(), clean) == paths.end()) paths.push_back(clean);
    }
    object.set_annotation(v1::kAnnotationProtectedPaths, fmt::format("{}", fmt::join(paths, ", ")));
    return object.json();
  };
  const Result<Written> written = RunBlocking(registry_.Update(scope, mutation));
  if (!written.ok()) return Error(written.error()).Wrap("protect the data directory");
  return OkStatus();
}

}  // namespace gantry::apiserver
