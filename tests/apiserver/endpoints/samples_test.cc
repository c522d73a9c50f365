#include "apiserver/core/samples.h"

#include <gtest/gtest.h>

#include "apis/gantry.dev/v1/app_template.h"
#include "apis/gantry.dev/v1/resources.h"
#include "apiserver/registry/strategies/strategies.h"
#include "apiserver/registry/system_user.h"
#include "schemas/embedded.h"
#include "tests/envtest/envtest.h"

// The Templates that come with Gantry, beside those that administrators keep in gantry-system.
namespace gantry::testing {
namespace {

class SampleTemplates : public ::testing::Test {
 protected:
  SampleTemplates()
      : registry_(env_.core().registry()),
        target_(*registry_->deps().kinds->Find(v1::kTemplates.group, v1::kTemplates.version,
                                               v1::kTemplates.plural)),
        sample_(*ParseJson(schemas::Samples().begin()->json)) {}

  apiserver::WriteScope Scope(const std::string& name) {
    return apiserver::SystemScope(target_, {v1::kSystemNamespace, name}, Context(), &warnings_);
  }
  // The first sample under another name.
  Object Copy(std::string_view name, bool labelled) {
    Object object(sample_.json());
    object.set_gvk(v1::kTemplates.gvk());
    object.json()["metadata"] = {{"name", name}, {"namespace", v1::kSystemNamespace}};
    if (labelled) object.set_label(v1::kLabelSample, "true");
    return object;
  }
  void Make(const Object& object) {
    const auto made = RunBlocking(registry_->Create(Scope(""), object.json()));
    ASSERT_TRUE(made.ok()) << made.error().message;
  }
  bool Has(const std::string& name) {
    return registry_->Get(target_, v1::kSystemNamespace, name).ok();
  }
  Json Stored(const std::string& name) {
    const auto entry = registry_->Get(target_, v1::kSystemNamespace, name);
    if (!entry.ok()) return Json();
    auto json = (*entry)->Decode();
    return json.ok() ? *json : Json();
  }

  EnvTest env_;
  apiserver::Registry* const registry_;
  const apiserver::Target target_;
  const Object sample_;
  std::vector<std::string> warnings_;
};

TEST_F(SampleTemplates, AStartLeavesWhatIsNotASample) {
  const std::string name(sample_.name());
  ASSERT_TRUE(RunBlocking(registry_->Delete(Scope(name), {})).ok());
  Object own = Copy(name, false);
  own.json()["spec"]["description"] = "of an administrator";
  Make(own);
  Make(Copy("mine", false));

  const Status started = apiserver::MakeSamples(registry_, Context());
  ASSERT_TRUE(started.ok()) << started.error().message;
  EXPECT_TRUE(Has("mine"));
  const Object after(Stored(name));
  EXPECT_EQ(GetString(after.spec(), "description"), "of an administrator");
  EXPECT_FALSE(v1::IsSample(after));
}

TEST_F(SampleTemplates, AStartRenewsSamplesAndDropsOldOnes) {
  const std::string name(sample_.name());
  ASSERT_TRUE(RunBlocking(registry_->Delete(Scope(name), {})).ok());
  Object older = Copy(name, true);
  older.json()["spec"]["description"] = "of an older Gantry";
  Make(older);
  Make(Copy("gone", true));

  const Status started = apiserver::MakeSamples(registry_, Context());
  ASSERT_TRUE(started.ok()) << started.error().message;
  EXPECT_FALSE(Has("gone"));
  EXPECT_NE(GetString(Object(Stored(name)).spec(), "description"), "of an older Gantry");
  for (const schemas::Manifest& manifest : schemas::Samples())
    EXPECT_TRUE(Has(std::string(Object(*ParseJson(manifest.json)).name()))) << manifest.path;
}

TEST_F(SampleTemplates, NobodyElseDeletesThem) {
  const apiserver::User administrator = EnvTest::Administrator();
  EXPECT_EQ(apiserver::AppTemplateStrategy()->ValidateDelete(administrator, Copy("x", true)).code(),
            Code::kForbidden);
  EXPECT_TRUE(
      apiserver::AppTemplateStrategy()->ValidateDelete(administrator, Copy("x", false)).ok());
  EXPECT_TRUE(apiserver::AppTemplateStrategy()
                  ->ValidateDelete(apiserver::SystemUser(), Copy("x", true))
                  .ok());
}

// Rules may have become stricter since a Template was written.
TEST_F(SampleTemplates, OnlyAChangedSpecIsJudged) {
  const apiserver::User administrator = EnvTest::Administrator();
  const apiserver::Registry::Dependencies& deps = registry_->deps();
  const apiserver::StrategyContext ctx{target_,      administrator,     *deps.kinds,
                                       *deps.policy, deps.clock->Now(), &warnings_};
  Object old = Copy("x", false);
  old.json()["spec"]["versions"][0]["compose"] = "services: {web: {image: a, build: .}}";
  ASSERT_FALSE(apiserver::AppTemplateStrategy()->Validate(ctx, nullptr, old).ok());
  Object labelled = old;
  labelled.set_label("team", "a");
  const Status same = apiserver::AppTemplateStrategy()->Validate(ctx, &old, labelled);
  EXPECT_TRUE(same.ok()) << same.error().message;
  labelled.json()["spec"]["description"] = "new";
  EXPECT_FALSE(apiserver::AppTemplateStrategy()->Validate(ctx, &old, labelled).ok());
}

}  // namespace
}  // namespace gantry::testing
