#include "apiserver/registry/strategies/strategies.h"

namespace gantry::apiserver {
namespace {

// Reviews are questions: created, answered, never stored. The answer says what authorisation does
// now: members of system:masters may do everything, others nothing.
class Review : public Strategy {
 public:
  void Answer(const StrategyContext& ctx, Object* object) const override {
    const std::vector<std::string>& groups = ctx.user.groups;
    const bool master = std::find(groups.begin(), groups.end(), "system:masters") != groups.end();
    const std::string& kind = ctx.target.def().kind;
    Json& status = object->mutable_status();
    if (kind == "SelfSubjectAccessReview") {
      status = {{"allowed", master}};
      if (!master) status["reason"] = "only members of system:masters are allowed";
    } else if (kind == "SelfSubjectRulesReview") {
      status = {{"incomplete", false},
                {"resourceRules", Json::array()},
                {"nonResourceRules", Json::array()}};
      if (!master) return;
      status["resourceRules"].push_back(
          {{"verbs", {"*"}}, {"apiGroups", {"*"}}, {"resources", {"*"}}});
      status["nonResourceRules"].push_back({{"verbs", {"*"}}, {"nonResourceURLs", {"*"}}});
    } else if (kind == "SelfSubjectReview") {
      Json info = {{"username", ctx.user.name}, {"groups", groups}};
      if (!ctx.user.uid.empty()) info["uid"] = ctx.user.uid;
      if (!ctx.user.extra.empty()) info["extra"] = ctx.user.extra;
      status = {{"userInfo", std::move(info)}};
    }
  }
};

}  // namespace

const Strategy* ReviewStrategy() {
  static const Strategy* const strategy = new Review;
  return strategy;
}

}  // namespace gantry::apiserver
