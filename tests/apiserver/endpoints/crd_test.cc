#include <gtest/gtest.h>

#include <thread>

#include "apis/machinery/base/random.h"
#include "apis/machinery/meta/condition.h"
#include "apiserver/storage/record.h"
#include "tests/apiserver/endpoints/raw_client.h"

// CustomResourceDefinitions as their users know them.
namespace gantry::testing {
namespace {

using namespace std::chrono_literals;

constexpr char kDefinitions[] = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

// Waits for a state, for as long as a slow machine may need.
template <typename Predicate>
bool Eventually(Predicate holds) {
  const Context limit = Context().WithTimeout(30s);
  while (!holds()) {
    if (!limit.SleepFor(5ms).ok()) return false;
  }
  return true;
}

// One version with these properties of spec.
Json Version(const std::string& name, bool storage, const Json& properties) {
  return {{"name", name},
          {"served", true},
          {"storage", storage},
          {"schema",
           {{"openAPIV3Schema",
             {{"type", "object"},
              {"properties", {{"spec", {{"type", "object"}, {"properties", properties}}}}}}}}}};
}

Json Crd(const std::string& plural, const std::string& kind, const std::vector<Json>& versions) {
  return {{"apiVersion", "apiextensions.k8s.io/v1"},
          {"kind", "CustomResourceDefinition"},
          {"metadata", {{"name", plural + ".example.com"}}},
          {"spec",
           {{"group", "example.com"},
            {"scope", "Namespaced"},
            {"names", {{"plural", plural}, {"kind", kind}}},
            {"versions", versions}}}};
}

// A merge patch that replaces all versions.
Json Replace(const std::vector<Json>& versions) {
  Json patch;
  patch["spec"]["versions"] = versions;
  return patch;
}

class Crds : public ::testing::Test {
 protected:
  EnvTest env_;
  RawClient raw_{&env_};
  const HeaderList merge_ = {{"Content-Type", "application/merge-patch+json"}};

  RawAnswer Post(const Json& crd) { return raw_.Do("POST", kDefinitions, crd.dump()); }
  Json Get(const std::string& plural) {
    return raw_.Get(std::string(kDefinitions) + "/" + plural + ".example.com").body;
  }
  RawAnswer Patch(const std::string& plural, const Json& patch) {
    return raw_.Do("PATCH", std::string(kDefinitions) + "/" + plural + ".example.com", patch.dump(),
                   merge_);
  }
  static std::string Reason(const Json& crd, const std::string& type) {
    const Json* condition = FindCondition(crd["status"], type);
    return condition == nullptr
               ? "absent"
               : GetString(*condition, "status") + " " + GetString(*condition, "reason");
  }
  static std::string Path(const std::string& version, const std::string& plural) {
    return "/apis/example.com/" + version + "/namespaces/default/" + plural;
  }
  RawAnswer Make(const std::string& version, const std::string& name, const Json& spec,
                 const Json& finalizers = Json::array()) {
    const Json body = {{"apiVersion", "example.com/" + version},
                       {"kind", "Gadget"},
                       {"metadata", {{"name", name}, {"finalizers", finalizers}}},
                       {"spec", spec}};
    return raw_.Do("POST", Path(version, "gadgets"), body.dump());
  }
};

const Json kText = {{"type", "string"}};

TEST_F(Crds, AKindIsServedWhenItsPostReturns) {
  for (int i = 0; i < 5; ++i) {
    const std::string plural = "things" + std::to_string(i);
    const Json crd =
        Crd(plural, "Thing" + std::to_string(i), {Version("v1", true, {{"a", kText}})});
    const RawAnswer made = Post(crd);
    ASSERT_EQ(made.status, 201) << made.text;
    EXPECT_EQ(Reason(made.body, "Established"), "True InitialNamesAccepted");
    EXPECT_EQ(Reason(made.body, "NamesAccepted"), "True NoConflicts");
    EXPECT_EQ(made.body["status"]["acceptedNames"]["listKind"],
              "Thing" + std::to_string(i) + "List");
    EXPECT_EQ(made.body["spec"]["names"]["singular"], "thing" + std::to_string(i));
    EXPECT_EQ(made.body["spec"]["conversion"]["strategy"], "None");
    EXPECT_EQ(raw_.Get(Path("v1", plural)).status, 200);
    EXPECT_NE(raw_.Get("/apis/example.com/v1").text.find(plural), std::string::npos);
  }
}

TEST_F(Crds, VersionsDifferInTheirSchemaAlone) {
  Json v2 = Version("v2", false, {{"b", {{"type", "string"}, {"default", "two"}}}, {"c", kText}});
  v2["selectableFields"] = Json::array({{{"jsonPath", ".spec.c"}}});
  ASSERT_EQ(Post(Crd("gadgets", "Gadget", {Version("v1", true, {{"a", kText}, {"c", kText}}), v2}))
                .status,
            201);
  ASSERT_EQ(Make("v1", "g", {{"a", "x"}, {"c", "y"}}).status, 201);
  const RawAnswer two = raw_.Get(Path("v2", "gadgets") + "/g");
  EXPECT_EQ(two.body["apiVersion"], "example.com/v2") << two.text;
  EXPECT_EQ(two.body["spec"], Json({{"b", "two"}, {"c", "y"}}));
  EXPECT_EQ(raw_.Get(Path("v1", "gadgets") + "/g").body["spec"], Json({{"a", "x"}, {"c", "y"}}));
  // A field selects in the version that declares it, also when another one is stored.
  EXPECT_EQ(raw_.Get(Path("v2", "gadgets") + "?fieldSelector=spec.c%3Dy").body["items"].size(), 1u);
  EXPECT_EQ(raw_.Get(Path("v2", "gadgets") + "?fieldSelector=spec.c%3Dz").body["items"].size(), 0u);
  EXPECT_EQ(raw_.Get(Path("v1", "gadgets") + "?fieldSelector=spec.c%3Dy").status, 400);
}

TEST_F(Crds, StoredObjectsAreReadUnderTodaysSchema) {
  ASSERT_EQ(
      Post(Crd("gadgets", "Gadget", {Version("v1", true, {{"a", kText}, {"b", kText}})})).status,
      201);
  ASSERT_EQ(Make("v1", "g", {{"a", "x"}, {"b", "y"}}).status, 201);
  const std::string before =
      raw_.Get(Path("v1", "gadgets")).body["metadata"]["resourceVersion"].get<std::string>();
  ASSERT_EQ(Make("v1", "later", {{"b", "y"}}).status, 201);
  const Json fresh = {{"type", "string"}, {"default", "new"}};
  const RawAnswer changed =
      Patch("gadgets", Replace({Version("v1", true, {{"a", kText}, {"c", fresh}})}));
  ASSERT_EQ(changed.status, 200) << changed.text;
  const Json today = {{"a", "x"}, {"c", "new"}};
  EXPECT_EQ(raw_.Get(Path("v1", "gadgets") + "/g").body["spec"], today);
  EXPECT_EQ(raw_.Get(Path("v1", "gadgets")).body["items"][0]["spec"], today);
  // The past, too.
  const RawAnswer past =
      raw_.Get(Path("v1", "gadgets") + "?resourceVersionMatch=Exact&resourceVersion=" + before);
  ASSERT_EQ(past.body["items"].size(), 1u) << past.text;
  EXPECT_EQ(past.body["items"][0]["spec"], today);
  // And after a restart.
  apiserver::ApiServer server(&env_.store(), {});
  ASSERT_TRUE(server.Start(Context()).ok());
  EXPECT_EQ(RawClient(server).Get(Path("v1", "gadgets") + "/g").body["spec"], today);
}

TEST_F(Crds, TheStorageVersionMoves) {
  const Json a = Version("v1", true, {{"a", kText}, {"old", kText}});
  const Json b = Version("v2", false, {{"a", kText}, {"fresh", kText}});
  ASSERT_EQ(Post(Crd("gadgets", "Gadget", {a, b})).status, 201);
  ASSERT_EQ(Make("v1", "g", {{"a", "x"}, {"old", "o"}}).status, 201);
  Json unstored = a, stored = b;
  unstored["storage"] = false;
  stored["storage"] = true;
  const RawAnswer moved = Patch("gadgets", Replace({unstored, stored}));
  ASSERT_EQ(moved.status, 200) << moved.text;
  EXPECT_EQ(moved.body["status"]["storedVersions"], Json({"v1", "v2"}));
  // Nothing is lost by reading what was stored before, in its own version.
  EXPECT_EQ(raw_.Get(Path("v1", "gadgets") + "/g").body["spec"], Json({{"a", "x"}, {"old", "o"}}));
  const RawAnswer two = raw_.Get(Path("v2", "gadgets") + "/g");
  EXPECT_EQ(two.body["spec"], Json({{"a", "x"}}));

  // While objects may be stored in v1, it stays.
  const RawAnswer refused = Patch("gadgets", Replace({stored}));
  EXPECT_EQ(refused.status, 422) << refused.text;
  EXPECT_EQ(refused.body["details"]["causes"][0]["field"], "status.storedVersions[0]");
  EXPECT_NE(refused.text.find("missing from spec.versions; v1 was previously a storage version"),
            std::string::npos);
  // Writing an object back, unchanged, moves it.
  const RawAnswer written = raw_.Do("PUT", Path("v2", "gadgets") + "/g", two.text);
  ASSERT_EQ(written.status, 200) << written.text;
  EXPECT_NE(written.body["metadata"]["resourceVersion"], two.body["metadata"]["resourceVersion"]);
  const auto record = env_.store().Get("/example.com/gadgets/default/g");
  ASSERT_TRUE(record.ok() && record->record);
  EXPECT_EQ(apiserver::DecodeHeader(record->record->value)->version, "v2");
  const RawAnswer again = raw_.Do("PUT", Path("v2", "gadgets") + "/g", written.text);
  EXPECT_EQ(again.body["metadata"]["resourceVersion"], written.body["metadata"]["resourceVersion"])
      << "only once";
  ASSERT_EQ(raw_.Do("PATCH", std::string(kDefinitions) + "/gadgets.example.com/status",
                    R"({"status":{"storedVersions":["v2"]}})", merge_)
                .status,
            200);
  EXPECT_EQ(Patch("gadgets", Replace({stored})).status, 200);
  EXPECT_EQ(raw_.Get(Path("v1", "gadgets")).status, 404);
  EXPECT_EQ(raw_.Get(Path("v2", "gadgets")).body["items"].size(), 1u);
}

TEST_F(Crds, AVersionThatIsNotServedEndsItsWatches) {
  Json v2 = Version("v2", false, {{"a", kText}});
  const Json v1 = Version("v1", true, {{"a", kText}});
  ASSERT_EQ(Post(Crd("gadgets", "Gadget", {v1, v2})).status, 201);
  const auto watch =
      env_.Transport()->Stream(Context(), {"GET", Path("v2", "gadgets") + "?watch=1", {}, ""});
  ASSERT_TRUE(watch.ok() && watch->stream);
  v2["served"] = false;
  ASSERT_EQ(Patch("gadgets", Replace({v1, v2})).status, 200);
  const Result<std::string> end = watch->stream->Read();
  EXPECT_TRUE(end.ok() && end->empty());
  EXPECT_EQ(raw_.Get(Path("v2", "gadgets")).status, 404);
}

TEST_F(Crds, NamesThatAreInUse) {
  Json first = Crd("gadgets", "Gadget", {Version("v1", true, {{"a", kText}})});
  first["spec"]["names"]["shortNames"] = Json::array({"gd"});
  ASSERT_EQ(Post(first).status, 201);
  struct Case {
    const char* field;
    Json value;
    const char* reason;
    const char* message;
  };
  const Case cases[] = {
      {"kind", "Gadget", "False KindConflict", "\"Gadget\" is already in use"},
      {"listKind", "GadgetList", "False ListKindConflict", "\"GadgetList\" is already in use"},
      {"singular", "gadget", "False SingularConflict", "\"gadget\" is already in use"},
      {"shortNames", Json::array({"ok", "gd"}), "False ShortNamesConflict",
       "\"gd\" is already in use"},
  };
  for (const Case& c : cases) {
    Json second = Crd("others", "Other", {Version("v1", true, {{"a", kText}})});
    second["spec"]["names"]["listKind"] = "OtherList";
    second["spec"]["names"][c.field] = c.value;
    const RawAnswer made = Post(second);
    ASSERT_EQ(made.status, 201) << made.text;
    EXPECT_EQ(Reason(made.body, "NamesAccepted"), c.reason);
    EXPECT_EQ(GetString(*FindCondition(made.body["status"], "NamesAccepted"), "message"),
              c.message);
    EXPECT_EQ(Reason(made.body, "Established"), "False NotAccepted");
    EXPECT_EQ(raw_.Get(Path("v1", "others")).status, 404);
    ASSERT_EQ(raw_.Do("DELETE", std::string(kDefinitions) + "/others.example.com").status, 200);
    ASSERT_TRUE(Eventually([&] { return Get("others")["kind"] == "Status"; }));
  }
}

TEST_F(Crds, NamesAreAcceptedOnceTheyAreFree) {
  ASSERT_EQ(Post(Crd("gadgets", "Gadget", {Version("v1", true, {{"a", kText}})})).status, 201);
  ASSERT_EQ(Post(Crd("others", "Gadget", {Version("v1", true, {{"a", kText}})})).status, 201);
  EXPECT_EQ(Reason(Get("others"), "NamesAccepted"), "False ListKindConflict");
  ASSERT_EQ(raw_.Do("DELETE", std::string(kDefinitions) + "/gadgets.example.com").status, 200);
  EXPECT_TRUE(Eventually([&] { return Reason(Get("others"), "Established")[0] == 'T'; }));
  EXPECT_EQ(Reason(Get("others"), "NamesAccepted"), "True NoConflicts");
  EXPECT_EQ(raw_.Get(Path("v1", "others")).status, 200);
}

TEST_F(Crds, OfTwoThatWantANameInTheSameInstantOneGetsIt) {
  constexpr int kRounds = 10, kAtOnce = 6;
  for (int round = 0; round < kRounds; ++round) {
    const std::string kind = "Same" + std::to_string(round);
    const auto plural = [&](int i) { return fmt::format("many{}x{}", round, i); };
    std::vector<std::thread> writers;
    for (int i = 0; i < kAtOnce; ++i) {
      writers.emplace_back([&, i] {
        EXPECT_EQ(Post(Crd(plural(i), kind, {Version("v1", true, {{"a", kText}})})).status, 201);
      });
    }
    for (std::thread& writer : writers) writer.join();
    int accepted = 0;
    for (int i = 0; i < kAtOnce; ++i) {
      accepted += Reason(Get(plural(i)), "NamesAccepted") == "True NoConflicts";
    }
    EXPECT_EQ(accepted, 1) << kind;
  }
}

TEST_F(Crds, AnEstablishedKindKeepsItsNamesWhenNewOnesAreInUse) {
  Json first = Crd("gadgets", "Gadget", {Version("v1", true, {{"a", kText}})});
  first["spec"]["names"]["shortNames"] = Json::array({"gd"});
  ASSERT_EQ(Post(first).status, 201);
  Json second = Crd("others", "Other", {Version("v1", true, {{"a", kText}})});
  second["spec"]["names"]["shortNames"] = Json::array({"ot"});
  ASSERT_EQ(Post(second).status, 201);
  const RawAnswer changed =
      Patch("others", {{"spec", {{"names", {{"shortNames", Json::array({"gd"})}}}}}});
  EXPECT_EQ(Reason(changed.body, "NamesAccepted"), "False ShortNamesConflict") << changed.text;
  EXPECT_EQ(Reason(changed.body, "Established"), "True InitialNamesAccepted");
  const RawAnswer served = raw_.Get("/apis/example.com/v1");
  EXPECT_EQ(served.body["resources"].size(), 2u);
  for (const Json& r : served.body["resources"]) {
    EXPECT_EQ(r["shortNames"], Json::array({r["name"] == "others" ? "ot" : "gd"}));
  }
}

TEST_F(Crds, RulesThatAreNotEvaluatedAreNeverSilent) {
  Json crd = Crd("gadgets", "Gadget", {Version("v1", true, {{"a", kText}})});
  Json& spec = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
  spec["x-kubernetes-validations"] = Json::array({{{"rule", "self.a != 'x'"}}});
  const RawAnswer made = Post(crd);
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(Reason(made.body, "ValidationRulesIgnored"), "True NotEvaluated");
  EXPECT_NE(made.header("Warning").find("x-kubernetes-validations: accepted, but not evaluated"),
            std::string::npos);
  spec.erase("x-kubernetes-validations");
  const RawAnswer without = Patch("gadgets", Replace(crd["spec"]["versions"]));
  ASSERT_EQ(without.status, 200) << without.text;
  EXPECT_EQ(Reason(without.body, "ValidationRulesIgnored"), "absent");
}

TEST_F(Crds, WhatCannotBeChanged) {
  ASSERT_EQ(Post(Crd("gadgets", "Gadget", {Version("v1", true, {{"a", kText}})})).status, 201);
  struct Case {
    Json patch;
    const char* field;
  };
  const Case cases[] = {
      {{{"spec", {{"scope", "Cluster"}}}}, "spec.scope"},
      {{{"spec", {{"names", {{"kind", "Other"}}}}}}, "spec.names.kind"},
  };
  for (const Case& c : cases) {
    const RawAnswer answer = Patch("gadgets", c.patch);
    EXPECT_EQ(answer.status, 422) << answer.text;
    EXPECT_EQ(answer.body["details"]["causes"][0]["field"], c.field);
    EXPECT_NE(answer.text.find("field is immutable"), std::string::npos);
  }
}

TEST_F(Crds, ADefinitionThatIsNoLongerStructuralSaysSo) {
  const RawAnswer made = Post(Crd("gadgets", "Gadget", {Version("v1", true, {{"a", kText}})}));
  ASSERT_EQ(made.status, 201);
  Json refused = made.body;
  refused["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"].erase("type");
  const RawAnswer put =
      raw_.Do("PUT", std::string(kDefinitions) + "/gadgets.example.com", refused.dump());
  EXPECT_EQ(put.status, 422) << put.text;
  EXPECT_NE(put.text.find("properties[spec].type: Required value"), std::string::npos);
  // As a server would have stored it that allowed more.
  const std::string key = "/apiextensions.k8s.io/customresourcedefinitions//gadgets.example.com";
  apiserver::RecordInput input;
  input.version = "v1";
  refused["metadata"].erase("resourceVersion");
  ASSERT_TRUE(env_.store().Update(key, apiserver::EncodeRecord(refused, input), 0).ok());
  EXPECT_TRUE(Eventually([&] {
    return Reason(Get("gadgets"), "NonStructuralSchema") == "True Violations";
  })) << Get("gadgets");
  ASSERT_EQ(raw_.Do("PUT", std::string(kDefinitions) + "/gadgets.example.com",
                    [&] {
                      Json fixed = made.body;
                      fixed["metadata"].erase("resourceVersion");
                      return fixed.dump();
                    }())
                .status,
            200);
  EXPECT_EQ(Reason(Get("gadgets"), "NonStructuralSchema"), "absent");
  EXPECT_EQ(raw_.Get(Path("v1", "gadgets")).status, 200);
}

TEST_F(Crds, DeletionTakesTheObjectsFirstAndSaysWhatHoldsIt) {
  ASSERT_EQ(Post(Crd("gadgets", "Gadget", {Version("v1", true, {{"a", kText}})})).status, 201);
  for (int i = 0; i < 20; ++i)
    ASSERT_EQ(Make("v1", fmt::format("g{}", i), {{"a", "x"}}).status, 201);
  ASSERT_EQ(Make("v1", "held", {{"a", "x"}}, Json::array({"example.com/hold"})).status, 201);
  const std::string revision =
      raw_.Get(Path("v1", "gadgets")).body["metadata"]["resourceVersion"].get<std::string>();
  const RawAnswer deleted = raw_.Do("DELETE", std::string(kDefinitions) + "/gadgets.example.com");
  EXPECT_EQ(deleted.status, 200);
  EXPECT_EQ(Reason(deleted.body, "Terminating"), "True InstanceDeletionPending") << deleted.text;
  EXPECT_EQ(Make("v1", "late", {{"a", "x"}}).status, 405);
  EXPECT_TRUE(Eventually(
      [&] { return Reason(Get("gadgets"), "Terminating") == "True InstanceDeletionCheck"; }));
  EXPECT_EQ(GetString(*FindCondition(Get("gadgets")["status"], "Terminating"), "message"),
            "could not confirm zero CustomResources remaining: gadgets.example.com has 1 resource "
            "instances; finalizers remaining: example.com/hold in 1 resource instances");
  const std::vector<Json> events =
      raw_.Lines(Path("v1", "gadgets") + "?watch=1&resourceVersion=" + revision, 20);
  EXPECT_GE(events.size(), 20u);
  EXPECT_EQ(raw_.Do("PATCH", Path("v1", "gadgets") + "/held", R"({"metadata":{"finalizers":null}})",
                    merge_)
                .status,
            200);
  EXPECT_TRUE(Eventually([&] { return Get("gadgets")["kind"] == "Status"; }));
  EXPECT_EQ(raw_.Get(Path("v1", "gadgets")).status, 404);
  EXPECT_EQ(env_.store().List("/example.com/gadgets/", {})->records.size(), 0u);
}

TEST_F(Crds, PrinterColumnsOfEachType) {
  Json version = Version("v1", true,
                         {{"text", kText},
                          {"number", {{"type", "number"}}},
                          {"count", {{"type", "integer"}}},
                          {"on", {{"type", "boolean"}}},
                          {"when", {{"type", "string"}, {"format", "date-time"}}},
                          {"list", {{"type", "array"}, {"items", kText}}}});
  const auto column = [](const char* name, const char* type, const char* path, int priority) {
    return Json{{"name", name}, {"type", type}, {"jsonPath", path}, {"priority", priority}};
  };
  version["additionalPrinterColumns"] = {
      column("Text", "string", ".spec.text", 0),    column("Number", "number", ".spec.number", 0),
      column("Count", "integer", ".spec.count", 0), column("On", "boolean", ".spec.on", 0),
      column("When", "date", ".spec.when", 1),      column("First", "string", ".spec.list[0]", 1),
      column("Not", "integer", ".spec.text", 1)};
  ASSERT_EQ(Post(Crd("gadgets", "Gadget", {version})).status, 201);
  ASSERT_EQ(Make("v1", "g",
                 {{"text", "t"},
                  {"number", 1.5},
                  {"count", 3},
                  {"on", true},
                  {"when", "soon"},
                  {"list", {"a", "b"}}})
                .status,
            422)
      << "the format is checked";
  ASSERT_EQ(Make("v1", "g",
                 {{"text", "t"},
                  {"number", 1.5},
                  {"count", 3},
                  {"on", true},
                  {"when", "2020-01-01T00:00:00Z"},
                  {"list", {"a", "b"}}})
                .status,
            201);
  ASSERT_EQ(Make("v1", "h", Json::object()).status, 201);
  for (const char* meta : {"v1", "v1beta1"}) {
    const Json table =
        raw_.Get(Path("v1", "gadgets"),
                 {{"Accept", fmt::format("application/json;as=Table;g=meta.k8s.io;v={}", meta)}})
            .body;
    ASSERT_EQ(table["columnDefinitions"].size(), 8u) << table;
    EXPECT_EQ(table["columnDefinitions"][5]["priority"], 1);
    Json cells = table["rows"][0]["cells"];
    EXPECT_TRUE(cells[5].get<std::string>().ends_with("y") ||
                cells[5].get<std::string>().ends_with("d"))
        << cells;
    cells[5] = "age";
    EXPECT_EQ(cells, Json({"g", "t", 1.5, 3, true, "age", "a", nullptr}));
    EXPECT_EQ(table["rows"][1]["cells"],
              Json({"h", nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr}));
  }
}

}  // namespace
}  // namespace gantry::testing
