#include "apiserver/registry/crd_follower.h"

#include <set>

#include "apis/machinery/base/log.h"
#include "apis/machinery/meta/condition.h"
#include "apis/machinery/meta/object.h"
#include "apiserver/registry/builtin.h"
#include "apiserver/storage/keys.h"

namespace gantry::apiserver {
namespace {

const GroupResource& CrdResource() {
  static const GroupResource* const resource =
      new GroupResource{"apiextensions.k8s.io", "customresourcedefinitions"};
  return *resource;
}

// A kind goes by the names that were accepted, which may be older than the ones in its spec.
std::shared_ptr<const schema::Definition> WithAcceptedNames(
    const std::shared_ptr<const schema::Definition>& definition, const Json& status) {
  const Json& names = GetObject(status, "acceptedNames");
  if (GetString(names, "plural").empty()) return definition;
  auto accepted = std::make_shared<schema::Definition>(*definition);
  accepted->singular = GetString(names, "singular");
  accepted->short_names = GetStrings(names, "shortNames");
  accepted->kind = GetString(names, "kind");
  accepted->list_kind = GetString(names, "listKind");
  accepted->categories = GetStrings(names, "categories");
  return accepted;
}

// The state of the feeder's thread.
class Follower {
 public:
  Follower(KindRegistry* kinds, CacheSet* caches, CrdFollower::Handlers handlers)
      : kinds_(kinds), caches_(caches), handlers_(std::move(handlers)) {}

  void Follow(const Entry& entry, bool deleted) {
    const std::string name = ParseRelativeKey(entry.key()).name;
    const Result<Json> json = entry.Decode();
    const Json status = json.ok() ? GetObject(*json, "status") : Json::object();
    Serve(name, json, status, deleted);
    if (!deleted && entry.header().deleting) handlers_.terminating(name);
    // Whoever could not have its names may have them now.
    const bool refused = !deleted && !IsConditionTrue(status, "NamesAccepted");
    const bool news = refused ? refused_.insert(name).second : refused_.erase(name) > 0;
    for (const std::string& other : refused_) {
      if (other != name || news) handlers_.review(other);
    }
  }

 private:
  void Serve(const std::string& name, const Result<Json>& json, const Json& status, bool deleted) {
    const auto definition = json.ok()
                                ? schema::ParseDefinition(*json)
                                : Result<std::shared_ptr<const schema::Definition>>(json.error());
    if (!definition.ok()) {
      LOG_ERROR("stored definition is not usable", {"crd", name}, {"error", definition.error()});
      if (!deleted && !IsConditionTrue(status, "NonStructuralSchema")) handlers_.review(name);
      return;
    }
    const GroupResource resource = (*definition)->group_resource();
    const std::shared_ptr<const Kind> before = kinds_->Get(resource);
    if (before != nullptr && before->def().builtin) return;
    if (deleted || !IsConditionTrue(status, "Established")) {
      kinds_->Remove(resource);
      caches_->CloseWatches(resource);
      return;
    }
    const bool terminating = !GetString(GetObject(*json, "metadata"), "deletionTimestamp").empty();
    const auto kind = MakeKind(WithAcceptedNames(*definition, status), caches_, terminating,
                               ConverterFor(**definition, before.get()));
    // Open watches would go on in versions and schemas of yesterday.
    if (before != nullptr && before->fingerprint != kind->fingerprint) {
      caches_->CloseWatches(resource);
    }
    kinds_->Put(kind);
  }

  std::shared_ptr<const Converter> ConverterFor(const schema::Definition& definition,
                                                const Kind* before) const {
    if (!definition.webhook) return nullptr;
    // The same one keeps its connections.
    if (before != nullptr && before->def().webhook == definition.webhook) return before->converter;
    return NewWebhookConverter(definition.group_kind(), *definition.webhook, handlers_.webhooks,
                               handlers_.random);
  }

  KindRegistry* const kinds_;
  CacheSet* const caches_;
  const CrdFollower::Handlers handlers_;
  std::set<std::string> refused_;  // definitions whose names were in use
};

}  // namespace

void CrdFollower::Install(KindRegistry* kinds, CacheSet* caches, Handlers handlers) {
  const auto follower = std::make_shared<Follower>(kinds, caches, std::move(handlers));
  caches->SetHook(CrdResource(), [follower](const Entry& entry, bool deleted) {
    follower->Follow(entry, deleted);
  });
}

}  // namespace gantry::apiserver
