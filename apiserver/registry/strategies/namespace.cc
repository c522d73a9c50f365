#include "apiserver/registry/strategies/strategies.h"

namespace gantry::apiserver {
namespace {

constexpr const char* kFinalizer = "kubernetes";
constexpr const char* kNameLabel = "kubernetes.io/metadata.name";

// A namespace holds itself by spec.finalizers until the namespace controller has emptied it and
// calls `finalize`.
class Namespace : public Strategy {
 public:
  void Prepare(const StrategyContext&, const Object* old, std::string_view subresource,
               Object* object) const override {
    object->set_label(kNameLabel, object->name());
    if (old == nullptr) {
      object->mutable_spec()["finalizers"] = Json::array({kFinalizer});
      object->mutable_status()["phase"] = "Active";
      return;
    }
    if (subresource == "finalize") {
      Json updated = old->json();
      updated["spec"] = object->spec();
      object->json() = std::move(updated);
    } else {
      object->json()["spec"] = old->spec();
    }
  }

  Status Validate(const StrategyContext& ctx, const Object* old,
                  const Object& object) const override {
    const FieldErrors errors = v1::CheckNamespaceRules(object);
    if (errors.empty()) return OkStatus();
    return InvalidObject(ctx.target.def().group_kind(), object.name(), errors);
  }

  Status ValidateDelete(const User& user, const Object& object) const override {
    for (const char* kept : {"default", "kube-system", "gantry-system"}) {
      if (object.name() == kept) {
        ErrorDetails details;
        details.kind = "namespaces";
        details.name = kept;
        return Error(
            Code::kForbidden,
            fmt::format("namespaces \"{}\" is forbidden: this namespace may not be deleted", kept),
            std::move(details));
      }
    }
    return OkStatus();
  }

  bool HoldsDeletion(const Object& object) const override {
    return !GetArray(object.spec(), "finalizers").empty();
  }

  void PrepareDelete(Object* object, WallTime now) const override {
    object->mutable_status()["phase"] = "Terminating";
  }
};

}  // namespace

const Strategy* NamespaceStrategy() {
  static const Strategy* const strategy = new Namespace;
  return strategy;
}

}  // namespace gantry::apiserver
