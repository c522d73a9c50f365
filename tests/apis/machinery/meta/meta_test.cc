#include <gtest/gtest.h>

#include "apis/machinery/meta/condition.h"
#include "apis/machinery/meta/field_error.h"
#include "apis/machinery/meta/names.h"
#include "apis/machinery/meta/selector.h"
#include "apis/machinery/meta/status.h"

namespace gantry {
namespace {

TEST(LabelSelector, FollowsKubernetesGrammar) {
  const std::map<std::string, std::string> labels = {{"app", "web"}, {"tier", "3"}};
  const std::vector<std::pair<const char*, bool>> cases = {{"", true},
                                                           {"app=web", true},
                                                           {"app==db", false},
                                                           {"app!=db", true},
                                                           {"x!=1", true},
                                                           {"app in (db, web)", true},
                                                           {"app notin (web)", false},
                                                           {"app", true},
                                                           {"!app", false},
                                                           {"!x", true},
                                                           {"tier>2", true},
                                                           {"tier<3", false},
                                                           {"app=web,tier=3", true}};
  for (const auto& [text, want] : cases) {
    const auto s = LabelSelector::Parse(text);
    ASSERT_TRUE(s.ok()) << text;
    EXPECT_EQ(s->Matches(labels), want) << text;
  }
  for (const char* bad : {"a in", "a in (b", "=x", "a~b", "a=b c", "tier>x"})
    EXPECT_FALSE(LabelSelector::Parse(bad).ok()) << bad;
}

TEST(Selectors, HaveABoundedNumberOfTerms) {
  const auto repeat = [](const std::string& text, size_t n) {
    std::string out;
    for (size_t i = 0; i < n; ++i) out += text;
    return out;
  };
  EXPECT_TRUE(LabelSelector::Parse(repeat("a,", 999) + "a").ok());
  EXPECT_FALSE(LabelSelector::Parse(repeat("a,", 1000) + "a").ok());
  EXPECT_TRUE(LabelSelector::Parse("a in (" + repeat("b,", 999) + "b)").ok());
  EXPECT_FALSE(LabelSelector::Parse("a in (" + repeat("b,", 1000) + "b)").ok());
  EXPECT_FALSE(
      LabelSelector::Parse("a in (" + repeat("b,", 600) + "b),c in (" + repeat("b,", 600) + "b)")
          .ok());
  EXPECT_TRUE(FieldSelector::Parse(repeat("a=b,", 1000)).ok());
  EXPECT_EQ(FieldSelector::Parse(repeat("a=b,", 1001)).error().message,
            "invalid selector: it has more than 1000 terms");
}

TEST(FieldSelector, EqualAndUnequalTerms) {
  const auto s = FieldSelector::Parse("metadata.name=a,spec.x!=b");
  ASSERT_TRUE(s.ok());
  ASSERT_NE(s->RequiredName(), nullptr);
  EXPECT_EQ(*s->RequiredName(), "a");
  EXPECT_TRUE(s->Matches([](const std::string& f) { return f == "metadata.name" ? "a" : "c"; }));
  EXPECT_FALSE(s->Matches([](const std::string& f) { return f == "metadata.name" ? "a" : "b"; }));
  EXPECT_FALSE(FieldSelector::Parse("nonsense").ok());
  EXPECT_FALSE(FieldSelector::Parse("a=b=c").ok());
  EXPECT_EQ(FieldSelector::Parse("a=b\\=c")->terms()[0].value, "b=c");
}

TEST(FieldErrorTest, ValuesOfSecretsAreNotShown) {
  for (const GroupKind& kind :
       {GroupKind{"", "Secret"}, GroupKind{"authentication.k8s.io", "TokenReview"}}) {
    const Error e =
        InvalidObject(kind, "web", {TypeInvalid("data", "canary", "must be an object")});
    EXPECT_EQ(e.message.find("canary"), std::string::npos) << e.message;
    EXPECT_EQ(e.details->causes[0].message.find("canary"), std::string::npos);
    EXPECT_NE(e.message.find("data: Invalid value: <confidential>: must"), std::string::npos)
        << e.message;
  }
  const Error name = InvalidObject({"", "Secret"}, "A", {Invalid("metadata.name", "A", "lower")});
  EXPECT_NE(name.message.find("\"A\": lower"), std::string::npos) << name.message;
}

TEST(FieldError, ReadsLikeKubernetes) {
  const Error e = InvalidObject({"gantry.dev", "Service"}, "web",
                                {Invalid("spec.replicas", -3, "must be between 0 and 1000")});
  EXPECT_EQ(e.message,
            "Service.gantry.dev \"web\" is invalid: spec.replicas: Invalid value: -3: must be "
            "between 0 and 1000");
  ASSERT_EQ(e.details->causes.size(), 1u);
  EXPECT_EQ(e.details->causes[0].field, "spec.replicas");
  EXPECT_EQ(e.details->causes[0].message, "Invalid value: -3: must be between 0 and 1000");
}

TEST(Status, SurvivesTheWire) {
  const Error e = NotFoundError("gantry.dev", "services", "web");
  EXPECT_EQ(e.message, "services.gantry.dev \"web\" not found");
  const Error back = ErrorFromStatus(404, DumpJson(StatusJson(e)));
  EXPECT_EQ(back.code, Code::kNotFound);
  EXPECT_EQ(back.message, e.message);
  EXPECT_EQ(back.details->name, "web");
  EXPECT_EQ(ErrorFromStatus(502, "<html>").code, Code::kInternal);
}

TEST(Names, TableOfFormats) {
  EXPECT_EQ(ValidateDnsSubdomain("shop-web.v1"), "");
  EXPECT_NE(ValidateDnsSubdomain("Shop"), "");
  EXPECT_NE(ValidateDnsSubdomain(""), "");
  EXPECT_NE(ValidateDnsSubdomain("a..b"), "");
  EXPECT_EQ(ValidateQualifiedName("gantry.dev/slot"), "");
  EXPECT_NE(ValidateQualifiedName("/slot"), "");
  EXPECT_NE(ValidateLabelValue(std::string(64, 'a')), "");
}

TEST(Condition, TransitionTimeMovesOnlyWithTheStatus) {
  Json status = Json::object();
  const WallTime t0 = *ParseTime("2026-01-01T00:00:00Z");
  EXPECT_TRUE(SetCondition(&status, {"Ready", "False", "Starting", "", 1}, t0));
  EXPECT_TRUE(
      SetCondition(&status, {"Ready", "False", "Pulling", "", 2}, t0 + std::chrono::hours(1)));
  EXPECT_EQ(FindCondition(status, "Ready")->at("lastTransitionTime"), "2026-01-01T00:00:00Z");
  EXPECT_FALSE(
      SetCondition(&status, {"Ready", "False", "Pulling", "", 2}, t0 + std::chrono::hours(2)));
  EXPECT_TRUE(SetCondition(&status, {"Ready", "True", "Done", "", 2}, t0 + std::chrono::hours(3)));
  EXPECT_EQ(FindCondition(status, "Ready")->at("lastTransitionTime"), "2026-01-01T03:00:00Z");
}

TEST(Object, AccessorsNeverThrow) {
  const Object o(Json{{"metadata", 3}, {"kind", Json::array()}});
  EXPECT_EQ(o.name(), "");
  EXPECT_EQ(o.kind(), "");
  EXPECT_TRUE(o.labels().empty());
  EXPECT_TRUE(o.spec().is_object());
}

}  // namespace
}  // namespace gantry
