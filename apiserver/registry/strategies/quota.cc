#include "apis/gantry.dev/v1/quota.h"

#include <algorithm>

#include "apis/gantry.dev/v1/quantity.h"
#include "apiserver/registry/strategies/strategies.h"

namespace gantry::apiserver {
namespace {

// ResourceQuota: names that mean something, amounts that are some.
class Quota : public Strategy {
 public:
  Status Validate(const StrategyContext& ctx, const Object*, const Object& object) const override {
    const std::vector<std::string>& names = v1::QuotaNames();
    FieldErrors errors;
    for (const auto& [name, value] : GetObject(object.spec(), "hard").items()) {
      const std::string field = fmt::format("spec.hard[{}]", name);
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        errors.push_back(NotSupported(field, name, names));
        continue;
      }
      const std::optional<int64_t> amount = v1::QuantityOf(value);
      const bool whole = v1::QuotaAlias(name).ends_with("cpu") || (amount && *amount % 1000 == 0);
      if (!amount || *amount < 0 || !whole)
        errors.push_back(Invalid(field, value,
                                 "must be an amount of at least 0, such as 2, 500m (of CPU) or "
                                 "4Gi (of memory)"));
    }
    if (errors.empty()) return OkStatus();
    return InvalidObject(ctx.target.def().group_kind(), object.name(), errors);
  }
};

}  // namespace

const Strategy* QuotaStrategy() {
  static const Strategy* const strategy = new Quota;
  return strategy;
}

}  // namespace gantry::apiserver
