#include <gtest/gtest.h>

#include "tests/apiserver/endpoints/config_map_fixture.h"

// Fields that are unknown or repeated: what each way of writing says of them.
namespace gantry::testing {
namespace {

class FieldValidation : public ConfigMapFixture {
 protected:
  FieldValidation() { InstallWidgets(raw_); }

  struct Case {
    const char* method;
    const char* content_type;
    std::string target;  // without fieldValidation
    std::string body;
    int strict_code;
    // What is complained about, in order.
    std::vector<std::string> complaints;
  };

  // The texts of all Warning headers.
  static std::vector<std::string> Warnings(const RawAnswer& answer) {
    std::vector<std::string> texts;
    for (const auto& [name, value] : answer.headers) {
      if (name == "Warning") texts.push_back(value);
    }
    return texts;
  }

  void Check(const Case& c) {
    SCOPED_TRACE(std::string(c.method) + " " + c.target + " " + c.body);
    const HeaderList type = {{"Content-Type", c.content_type}};
    const std::string query = c.target + (c.target.find('?') == std::string::npos ? "?" : "&");
    const RawAnswer strict =
        raw_.Do(c.method, query + "dryRun=All&fieldValidation=Strict", c.body, type);
    EXPECT_EQ(strict.status, c.strict_code) << strict.text;
    EXPECT_EQ(strict.body["reason"], c.strict_code == 422 ? "Invalid" : "BadRequest");
    std::string all;
    for (const std::string& text : c.complaints) all += (all.empty() ? "" : ", ") + text;
    const std::string message = strict.body.value("message", "");
    EXPECT_NE(message.find("strict decoding error: " + all), std::string::npos) << message;
    if (c.strict_code == 422) {
      EXPECT_EQ(message.rfind(" \"\" is invalid: patch: Invalid value: \"{", 0), 0u) << message;
      EXPECT_EQ(strict.body["details"]["causes"][0]["field"], "patch");
      EXPECT_EQ(strict.body["details"]["causes"][0]["reason"], "FieldValueInvalid");
    }
    for (const char* warn : {"", "&fieldValidation=Warn"}) {
      const RawAnswer warned = raw_.Do(c.method, query + "dryRun=All" + warn, c.body, type);
      EXPECT_LT(warned.status, 300) << warned.text;
      std::vector<std::string> wanted;
      for (const std::string& text : c.complaints) wanted.push_back("299 - " + Json(text).dump());
      EXPECT_EQ(Warnings(warned), wanted);
    }
    const RawAnswer ignored =
        raw_.Do(c.method, query + "dryRun=All&fieldValidation=Ignore", c.body, type);
    EXPECT_LT(ignored.status, 300) << ignored.text;
    EXPECT_TRUE(Warnings(ignored).empty());
    for (const char* unknown : {"colour", "unknownMeta", "bogus"}) {
      EXPECT_EQ(ignored.text.find(std::string("\"") + unknown + "\":"), std::string::npos)
          << "what nobody knows is dropped: " << ignored.text;
    }
  }

  static constexpr char kJson[] = "application/json";
  static constexpr char kMerge[] = "application/merge-patch+json";
  static constexpr char kStrategic[] = "application/strategic-merge-patch+json";
  static constexpr char kJsonPatch[] = "application/json-patch+json";
};

TEST_F(FieldValidation, EachWayOfWriting) {
  const std::string widget = std::string(kWidgetsPath) + "/w";
  const std::string head = R"({"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":)";
  ASSERT_EQ(raw_.Do("POST", kWidgetsPath, head + R"("w"},"spec":{"color":"a"}})").status, 201);
  Make("c");
  const std::string map_head = R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":)";
  const Case cases[] = {
      // Bodies.
      {"POST",
       kJson,
       kWidgetsPath,
       head + R"("x"},"spec":{"colour":"a"}})",
       400,
       {R"(unknown field "spec.colour")"}},
      {"POST",
       kJson,
       kWidgetsPath,
       head + R"("x","unknownMeta":1},"bogus":1,"spec":{"ports":[{"port":1,"bogus":1}]}})",
       400,
       {R"(unknown field "metadata.unknownMeta")", R"(unknown field "bogus")",
        R"(unknown field "spec.ports[0].bogus")"}},
      {"POST",
       kJson,
       kWidgetsPath,
       head + R"("x"},"spec":{"color":"a","color":"b"}})",
       400,
       {R"(duplicate field "spec.color")"}},
      {"POST",
       kJson,
       kWidgetsPath,
       head + R"("x"},"spec":{"ports":[{"port":1},{"port":1,"port":2}]}})",
       400,
       {R"(duplicate field "spec.ports[1].port")"}},
      {"POST",
       "application/yaml",
       kWidgetsPath,
       "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: x}\nspec:\n  color: a\n"
       "  colour: b\n  color: c\n",
       400,
       {R"(duplicate field "spec.color")", R"(unknown field "spec.colour")"}},
      {"PUT",
       kJson,
       widget,
       head + R"("w"},"spec":{"colour":"a"}})",
       400,
       {R"(unknown field "spec.colour")"}},
      {"POST",
       kJson,
       path_,
       map_head + R"("x"},"data":{"a":"1","a":"2"},"bogus":1})",
       400,
       {R"(duplicate field "data.a")", R"(unknown field "bogus")"}},
      // Patches: of the patch itself, then of what it makes.
      {"PATCH",
       kMerge,
       widget,
       R"({"spec":{"colour":"a"}})",
       422,
       {R"(unknown field "spec.colour")"}},
      {"PATCH",
       kMerge,
       widget,
       R"({"metadata":{"unknownMeta":"a"}})",
       422,
       {R"(unknown field "metadata.unknownMeta")"}},
      {"PATCH",
       kMerge,
       widget,
       R"({"spec":{"color":"a","color":"b","colour":"c"}})",
       422,
       {R"(duplicate field "spec.color")", R"(unknown field "spec.colour")"}},
      {"PATCH",
       kJsonPatch,
       widget,
       R"([{"op":"add","path":"/spec/colour","value":"x","foo":1},)"
       R"({"op":"add","path":"/spec/color","path":"/spec/color","value":"x"}])",
       422,
       {R"(json patch duplicate field "[1].path")", R"(json patch unknown field "[0].foo")",
        R"(unknown field "spec.colour")"}},
      {"PATCH",
       kMerge,
       path_ + "/c",
       R"({"data":{"a":"2","a":"3"}})",
       422,
       {R"(duplicate field "data.a")"}},
      {"PATCH",
       kStrategic,
       path_ + "/c",
       R"({"data":{"a":"2","a":"3"},"bogus":1})",
       422,
       {R"(duplicate field "data.a")", R"(unknown field "bogus")"}},
      {"PATCH",
       kMerge,
       widget + "/status",
       R"({"status":{"bogus":1}})",
       422,
       {R"(unknown field "status.bogus")"}},
  };
  for (const Case& c : cases) Check(c);
}

// The Scale of an object is a document of its own.
TEST_F(FieldValidation, Scales) {
  const std::string widget = std::string(kWidgetsPath) + "/w";
  ASSERT_EQ(raw_.Do("POST", kWidgetsPath,
                    R"({"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w"}})")
                .status,
            201);
  const std::string scale = widget + "/scale";
  const std::string head = R"({"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":)";
  const Case cases[] = {
      {"PUT",
       kJson,
       scale,
       head + R"("w","unknownMeta":1},"bogus":1,"spec":{"replicas":2,"colour":1}})",
       400,
       {R"(unknown field "metadata.unknownMeta")", R"(unknown field "bogus")",
        R"(unknown field "spec.colour")"}},
      {"PUT",
       kJson,
       scale,
       head + R"("w"},"spec":{"replicas":2,"replicas":3}})",
       400,
       {R"(duplicate field "spec.replicas")"}},
      {"PATCH",
       kMerge,
       scale,
       R"({"spec":{"replicas":2,"colour":1},"status":{"bogus":1}})",
       422,
       {R"(unknown field "spec.colour")", R"(unknown field "status.bogus")"}},
      {"PATCH",
       kJsonPatch,
       scale,
       R"([{"op":"add","path":"/spec/colour","value":"x","foo":1}])",
       422,
       {R"(json patch unknown field "[0].foo")", R"(unknown field "spec.colour")"}},
  };
  for (const Case& c : cases) Check(c);
  const RawAnswer strict =
      raw_.Do("PUT", scale + "?fieldValidation=Strict", cases[0].body, {{"Content-Type", kJson}});
  EXPECT_EQ(strict.body["message"].get<std::string>().rfind(
                "Scale in version \"v1\" cannot be handled as a Scale: strict decoding error: ", 0),
            0u)
      << strict.text;
  const RawAnswer text = raw_.Do("PUT", scale, head + R"("w"},"spec":{"replicas":"2"}})");
  EXPECT_EQ(text.status, 400) << text.text;
  EXPECT_EQ(text.body["message"],
            "Scale in version \"v1\" cannot be handled as a Scale: json: cannot unmarshal string "
            "into Go struct field ScaleSpec.spec.replicas of type int32");
  const RawAnswer other = raw_.Do("PUT", scale, head + R"("x"},"spec":{"replicas":2}})");
  EXPECT_EQ(other.status, 400) << other.text;
  const RawAnswer applied =
      raw_.Do("PATCH", scale + "?fieldManager=m", head + R"("w"},"spec":{"colour":2}})",
              {{"Content-Type", "application/apply-patch+yaml"}});
  EXPECT_EQ(applied.status, 400) << applied.text;
  EXPECT_NE(applied.text.find(".spec.colour: field not declared in schema"), std::string::npos);
  // What is right is written, and says nothing.
  const RawAnswer good =
      raw_.Do("PUT", scale + "?fieldValidation=Strict", head + R"("w"},"spec":{"replicas":2}})");
  EXPECT_EQ(good.status, 200) << good.text;
  EXPECT_EQ(raw_.Get(widget).body["spec"]["replicas"], 2);
}

TEST_F(FieldValidation, AMetadataThatCannotBeReadIsTheFaultOfItsWriter) {
  Make("c");
  const RawAnswer body =
      raw_.Do("POST", path_,
              R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","labels":1}})");
  EXPECT_EQ(body.status, 400) << body.text;
  EXPECT_EQ(body.body["message"], "metadata.labels: must be a map of strings");
  const RawAnswer patch = raw_.Do("PATCH", path_ + "/c", R"({"metadata":{"labels":{"a":1}}})",
                                  {{"Content-Type", kMerge}});
  EXPECT_EQ(patch.status, 422) << patch.text;
  EXPECT_EQ(patch.body["details"]["causes"][0]["field"], "patch");
  EXPECT_NE(patch.text.find("metadata.labels: must be a map of strings"), std::string::npos);
}

// A kind that keeps what it does not know still minds what is repeated, and metadata.
TEST_F(FieldValidation, AKindThatKeepsWhatItDoesNotKnow) {
  const std::string things = "/apis/example.com/v1/namespaces/default/things";
  ASSERT_EQ(raw_.Do("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", R"({
      "apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
      "metadata":{"name":"things.example.com"},
      "spec":{"group":"example.com","scope":"Namespaced","names":{"plural":"things","kind":"Thing"},
       "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{
         "type":"object","x-kubernetes-preserve-unknown-fields":true,
         "properties":{
           "strict":{"type":"object","properties":{"a":{"type":"string"}}},
           "embedded":{"type":"object","x-kubernetes-embedded-resource":true,
                       "x-kubernetes-preserve-unknown-fields":true}}}}}]}})")
                .status,
            201);
  const std::string head =
      R"({"apiVersion":"example.com/v1","kind":"Thing","metadata":{"name":"x"})";
  const RawAnswer kept =
      raw_.Do("POST", things + "?fieldValidation=Strict",
              head + R"(,"any":{"thing":[1]},"embedded":{"apiVersion":"v1",)"
                     R"("kind":"ConfigMap","metadata":{"name":"e"},"data":{}}})");
  EXPECT_EQ(kept.status, 201) << kept.text;
  EXPECT_EQ(kept.body["any"], Json::parse(R"({"thing":[1]})"));
  EXPECT_TRUE(kept.body["embedded"].contains("data"));
  const std::string bad =
      R"({"apiVersion":"example.com/v1","kind":"Thing","metadata":{"name":"y"})";
  for (const auto& [body, complaint] :
       {std::pair<std::string, std::string>{R"(,"any":1,"any":2})", R"(duplicate field "any")"},
        {R"(,"strict":{"b":1}})", R"(unknown field "strict.b")"},
        {R"(,"embedded":{"apiVersion":"v1","kind":"K","metadata":{"bogus":1}}})",
         R"(unknown field "embedded.metadata.bogus")"}}) {
    const RawAnswer refused = raw_.Do("POST", things + "?fieldValidation=Strict", bad + body);
    EXPECT_EQ(refused.status, 400) << refused.text;
    EXPECT_NE(refused.body.value("message", "").find("strict decoding error: " + complaint),
              std::string::npos)
        << refused.text;
  }
}

}  // namespace
}  // namespace gantry::testing
