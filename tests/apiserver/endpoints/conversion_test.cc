#include <gtest/gtest.h>

#include <atomic>

#include "apiserver/filters/filters.h"
#include "tests/apiserver/endpoints/raw_client.h"

// Objects that a webhook converts: `spec.text` of v1 is `spec.words` of v2.
namespace gantry::testing {
namespace {

using namespace std::chrono_literals;

constexpr char kConversionCrds[] = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
constexpr char kNotesCrd[] = R"({
  "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
  "metadata": {"name": "notes.example.com"},
  "spec": {"group": "example.com", "scope": "Namespaced",
    "names": {"plural": "notes", "kind": "Note"},
    "conversion": {"strategy": "Webhook", "webhook": {"conversionReviewVersions": ["v1"],
      "clientConfig": {"url": "https://webhook.example.com/convert"}}},
    "versions": [
      {"name": "v1", "served": true, "storage": true,
       "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object",
         "properties": {"text": {"type": "string"}}}}}}},
      {"name": "v2", "served": true, "storage": false,
       "selectableFields": [{"jsonPath": ".spec.words"}],
       "additionalPrinterColumns": [{"name": "Words", "type": "string", "jsonPath": ".spec.words"}],
       "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object",
         "properties": {"words": {"type": "string"},
                        "more": {"type": "string", "default": "yes"}}}}}}}]}})";

// Answers reviews, until it is told to fail.
class FakeWebhook : public client::Transport {
 public:
  Result<client::HttpResponse> Do(const Context&, const client::HttpRequest& request) override {
    ++calls;
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target, "/convert");
    if (down) return Error(Code::kUnavailable, "connection refused");
    const Json review = Json::parse(request.body);
    EXPECT_EQ(review["kind"], "ConversionReview");
    const std::string to = review["request"]["desiredAPIVersion"];
    Json converted = Json::array();
    for (Json object : review["request"]["objects"]) {
      EXPECT_NE(object["apiVersion"], to);
      object["apiVersion"] = to;
      const bool second = to == "example.com/v2";
      Json& spec = object["spec"];
      const char* const from = second ? "text" : "words";
      if (spec.contains(from)) spec[second ? "words" : "text"] = spec[from];
      spec.erase(from);
      object["metadata"]["labels"]["converted"] = "yes";
      object["metadata"]["finalizers"] = Json::array({"not.allowed/x"});
      converted.push_back(std::move(object));
    }
    Json answer = {{"kind", "ConversionReview"},
                   {"apiVersion", review["apiVersion"]},
                   {"response",
                    {{"uid", review["request"]["uid"]},
                     {"result", {{"status", "Success"}}},
                     {"convertedObjects", std::move(converted)}}}};
    if (spoil) spoil(&answer["response"]);
    return client::HttpResponse{200, {}, answer.dump()};
  }
  Result<client::StreamResponse> Stream(const Context&, const client::HttpRequest&) override {
    return Error(Code::kInternal, "no streams");
  }
  Result<std::unique_ptr<client::WebSocket>> Connect(const Context&, const client::HttpRequest&,
                                                     const std::vector<std::string>&) override {
    return Error(Code::kInternal, "no sockets");
  }

  std::atomic<int> calls{0};
  std::atomic<bool> down{false};
  std::function<void(Json*)> spoil;
};

class Conversions : public ::testing::Test {
 protected:
  Conversions() : store_(*store::OpenStore("memory:")) {
    apiserver::ApiServer::Options options;
    options.core.webhooks = [this](const schema::WebhookConversion& webhook)
        -> Result<std::shared_ptr<client::Transport>> {
      EXPECT_EQ(webhook.server, "https://webhook.example.com");
      return std::shared_ptr<client::Transport>(webhook_);
    };
    server_ = std::make_unique<apiserver::ApiServer>(store_.get(), options);
    EXPECT_TRUE(server_->Start(Context()).ok());
    raw_ = std::make_unique<RawClient>(*server_);
    const RawAnswer made = raw_->Do("POST", kConversionCrds, kNotesCrd);
    EXPECT_EQ(made.status, 201) << made.text;
  }
  ~Conversions() override { server_->Stop(); }

  static std::string Path(const std::string& version) {
    return "/apis/example.com/" + version + "/namespaces/default/notes";
  }
  RawAnswer Make(const std::string& version, const std::string& name, const Json& spec,
                 const Json& more_metadata = Json::object()) {
    Json body = {{"apiVersion", "example.com/" + version},
                 {"kind", "Note"},
                 {"metadata", {{"name", name}}},
                 {"spec", spec}};
    body["metadata"].update(more_metadata);
    return raw_->Do("POST", Path(version), body.dump());
  }

  const std::shared_ptr<FakeWebhook> webhook_ = std::make_shared<FakeWebhook>();
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<apiserver::ApiServer> server_;
  std::unique_ptr<RawClient> raw_;
};

TEST_F(Conversions, EachVersionIsReadAndWritten) {
  ASSERT_EQ(Make("v1", "a", {{"text", "one"}}).status, 201);
  EXPECT_EQ(webhook_->calls, 0) << "the storage version needs none";
  const RawAnswer got = raw_->Get(Path("v2") + "/a");
  ASSERT_EQ(got.status, 200) << got.text;
  EXPECT_EQ(got.body["apiVersion"], "example.com/v2");
  EXPECT_EQ(got.body["spec"], Json({{"words", "one"}, {"more", "yes"}})) << "with v2's defaults";
  EXPECT_EQ(got.body["metadata"]["labels"]["converted"], "yes");
  EXPECT_FALSE(got.body["metadata"].contains("finalizers")) << "not the webhook's to change";
  EXPECT_TRUE(got.body["metadata"].contains("managedFields"));

  const RawAnswer made = Make("v2", "b", {{"words", "two"}});
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.body["apiVersion"], "example.com/v2");
  EXPECT_EQ(made.body["spec"]["words"], "two");
  EXPECT_EQ(raw_->Get(Path("v1") + "/b").body["spec"], Json({{"text", "two"}}));
  const RawAnswer patched = raw_->Do("PATCH", Path("v2") + "/a", R"({"spec":{"words":"three"}})",
                                     {{"Content-Type", "application/merge-patch+json"}});
  ASSERT_EQ(patched.status, 200) << patched.text;
  EXPECT_EQ(patched.body["spec"]["words"], "three");
  EXPECT_EQ(raw_->Get(Path("v1") + "/a").body["spec"], Json({{"text", "three"}}));
  EXPECT_EQ(Make("v2", "c", {{"words", 7}}).status, 422);
  const RawAnswer dry =
      raw_->Do("PATCH", Path("v2") + "/a?dryRun=All", R"({"spec":{"words":"four"}})",
               {{"Content-Type", "application/merge-patch+json"}});
  EXPECT_EQ(dry.body["spec"]["words"], "four") << dry.text;
}

TEST_F(Conversions, AFieldHasOneOwnerUnderAllItsNames) {
  const auto apply = [&](const std::string& version, const std::string& manager,
                         const std::string& spec, const std::string& more = "") {
    return raw_->Do("PATCH", Path(version) + "/a?fieldManager=" + manager + more,
                    "{apiVersion: example.com/" + version +
                        ", kind: Note, metadata: {name: a}, spec: " + spec + "}",
                    {{"Content-Type", "application/apply-patch+yaml"}});
  };
  const auto owners = [&](const std::string& field) {
    std::string names;
    const RawAnswer got = raw_->Get(Path("v1") + "/a");
    for (const Json& e : got.body["metadata"]["managedFields"]) {
      if (e["fieldsV1"].value(Json::json_pointer("/f:spec"), Json::object()).contains(field))
        names += e["manager"].get<std::string>() + " ";
    }
    return names;
  };
  ASSERT_EQ(apply("v1", "one", "{text: x}").status, 201);
  const RawAnswer refused = apply("v2", "two", "{words: y}");
  ASSERT_EQ(refused.status, 409) << refused.text;
  EXPECT_EQ(refused.body["details"]["causes"][0]["field"], ".spec.text");
  EXPECT_EQ(refused.body["details"]["causes"][0]["message"], "conflict with \"one\"");
  const RawAnswer forced = apply("v2", "two", "{words: y}", "&force=true");
  ASSERT_EQ(forced.status, 200);
  EXPECT_EQ(owners("f:text"), "");
  EXPECT_EQ(owners("f:words"), "two ") << forced.text;
  // A plain update in the other version takes it, too.
  const RawAnswer patched =
      raw_->Do("PATCH", Path("v1") + "/a?fieldManager=three", R"({"spec":{"text":"z"}})",
               {{"Content-Type", "application/merge-patch+json"}});
  ASSERT_EQ(patched.status, 200) << patched.text;
  EXPECT_EQ(owners("f:words"), "");
  EXPECT_EQ(owners("f:text"), "three ");
  // Who applied it in one version, and leaves it out in the other, removes it.
  ASSERT_EQ(apply("v1", "four", "{text: z}").status, 200);
  ASSERT_EQ(raw_->Do("PATCH", Path("v1") + "/a", R"([{"op":"replace",
      "path":"/metadata/managedFields","value":[{}]}])",
                     {{"Content-Type", "application/json-patch+json"}})
                .status,
            200);
  ASSERT_EQ(apply("v1", "four", "{text: w}", "&force=true").status, 200);
  const RawAnswer dropped = apply("v2", "four", "{}");
  ASSERT_EQ(dropped.status, 200) << dropped.text;
  EXPECT_FALSE(dropped.body["spec"].contains("words")) << dropped.text;
}

TEST_F(Conversions, ListsAreConvertedAtOnce) {
  for (int i = 0; i < 30; ++i) {
    ASSERT_EQ(Make("v1", fmt::format("n{:02}", i), {{"text", i % 2 == 0 ? "even" : "odd"}}).status,
              201);
  }
  const RawAnswer list = raw_->Get(Path("v2"));
  ASSERT_EQ(list.body["items"].size(), 30u) << list.text;
  EXPECT_EQ(list.body["items"][1]["spec"]["words"], "odd");
  EXPECT_EQ(webhook_->calls, 1);
  // A field of the version that was asked for, which is not the stored one.
  EXPECT_EQ(raw_->Get(Path("v2") + "?fieldSelector=spec.words%3Deven").body["items"].size(), 15u);
  EXPECT_EQ(raw_->Get(Path("v2") + "?labelSelector=converted%3Dyes").body["items"].size(), 30u);
  const RawAnswer page = raw_->Get(Path("v2") + "?limit=10");
  EXPECT_EQ(page.body["items"].size(), 10u);
  EXPECT_EQ(page.body["metadata"]["remainingItemCount"], 20);
  const std::string token = page.body["metadata"]["continue"];
  EXPECT_EQ(raw_->Get(Path("v2") + "?continue=" + token).body["items"].size(), 20u);
  const RawAnswer table =
      raw_->Get(Path("v2"), {{"Accept", "application/json;as=Table;g=meta.k8s.io;v=v1"}});
  EXPECT_EQ(table.body["rows"][0]["cells"], Json({"n00", "even"})) << table.text;
}

TEST_F(Conversions, WatchesShowTheVersionThatWasAskedFor) {
  ASSERT_EQ(Make("v1", "a", {{"text", "red"}}).status, 201);
  ASSERT_EQ(Make("v1", "b", {{"text", "blue"}}).status, 201);
  const std::string path =
      Path("v2") +
      "?watch=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&"
      "fieldSelector=spec.words%3Dred";
  const auto stream = server_->InProcess(testing::EnvTest::Administrator())
                          ->Stream(Context(), {"GET", path, {}, ""});
  ASSERT_TRUE(stream.ok() && stream->stream);
  std::string text;
  const auto next = [&] {
    size_t end;
    while ((end = text.find('\n')) == std::string::npos) {
      const Result<std::string> piece = stream->stream->Read();
      if (!piece.ok() || piece->empty()) return Json();
      text += *piece;
    }
    Json event = Json::parse(text.substr(0, end));
    text.erase(0, end + 1);
    return event;
  };
  Json event = next();
  EXPECT_EQ(event["type"], "ADDED");
  EXPECT_EQ(event["object"]["spec"]["words"], "red");
  EXPECT_EQ(next()["type"], "BOOKMARK");
  const auto patch = [&](const std::string& name, const std::string& word) {
    return raw_
        ->Do("PATCH", Path("v1") + "/" + name, Json({{"spec", {{"text", word}}}}).dump(),
             {{"Content-Type", "application/merge-patch+json"}})
        .status;
  };
  ASSERT_EQ(patch("b", "red"), 200);
  event = next();
  EXPECT_EQ(event["type"], "ADDED");
  EXPECT_EQ(event["object"]["apiVersion"], "example.com/v2");
  ASSERT_EQ(patch("a", "green"), 200);
  event = next();
  EXPECT_EQ(event["type"], "DELETED");
  EXPECT_EQ(event["object"]["spec"]["words"], "red");
  webhook_->down = true;
  ASSERT_EQ(patch("b", "red again"), 200);
  event = next();
  EXPECT_EQ(event["type"], "ERROR");
  EXPECT_EQ(event["object"]["code"], 500);
  EXPECT_EQ(next(), Json()) << "and the stream ends";
}

TEST_F(Conversions, AWebhookThatFailsIsA500ThatSaysWhy) {
  ASSERT_EQ(Make("v1", "a", {{"text", "one"}}).status, 201);
  struct Case {
    std::function<void(Json*)> spoil;
    const char* why;
  };
  const Case cases[] = {
      {[](Json* r) {
         (*r)["result"] = {{"status", "Failed"}, {"message", "no such word"}};
       },
       "no such word"},
      {[](Json* r) {
         (*r)["result"] = {{"status", "Failed"}};
       },
       "response.result.status was 'Failed', not 'Success'"},
      {[](Json* r) { (*r)["uid"] = "other"; }, "expected response.uid="},
      {[](Json* r) { (*r)["convertedObjects"] = Json::array(); },
       "expected 1 converted objects, got 0"},
      {[](Json* r) { (*r)["convertedObjects"][0]["apiVersion"] = "example.com/v3"; },
       "invalid converted object at index 0: invalid groupVersion"},
      {[](Json* r) { (*r)["convertedObjects"][0]["kind"] = "Letter"; }, "invalid kind"},
      {[](Json* r) { (*r)["convertedObjects"][0]["metadata"]["name"] = "b"; },
       "metadata.name: must not be changed"},
      {[](Json* r) { (*r)["convertedObjects"][0]["metadata"]["uid"] = "b"; },
       "metadata.uid: must not be changed"},
      {[](Json* r) { (*r)["convertedObjects"][0].erase("metadata"); }, "invalid metadata"},
  };
  for (const Case& c : cases) {
    webhook_->spoil = c.spoil;
    for (const std::string& path : {Path("v2") + "/a", Path("v2"), Path("v2") + "?limit=1"}) {
      const RawAnswer answer = raw_->Get(path);
      EXPECT_EQ(answer.status, 500) << answer.text;
      EXPECT_EQ(answer.body["reason"], "InternalError");
      const std::string message = answer.body.value("message", "");
      EXPECT_EQ(message.find("conversion webhook for example.com/v1, Kind=Note failed: "), 0u)
          << message;
      EXPECT_NE(message.find(c.why), std::string::npos) << message;
    }
  }
  webhook_->spoil = nullptr;
  webhook_->down = true;
  EXPECT_EQ(Make("v2", "b", {{"words", "two"}}).status, 500);
  EXPECT_EQ(raw_->Get(Path("v1") + "/b").status, 404);
  EXPECT_EQ(raw_->Get(Path("v1") + "/a").status, 200) << "what is stored needs no webhook";
}

TEST_F(Conversions, DeletionNeedsNoWebhook) {
  for (const char* name : {"a", "b", "c", "d"}) {
    ASSERT_EQ(Make("v1", name, {{"text", "one"}}).status, 201);
  }
  webhook_->down = true;
  EXPECT_EQ(raw_->Do("DELETE", Path("v2") + "/a").status, 200);
  EXPECT_EQ(raw_->Get(Path("v1") + "/a").status, 404);
  EXPECT_EQ(raw_->Do("DELETE", std::string(kConversionCrds) + "/notes.example.com").status, 200);
  const Context limit = Context().WithTimeout(30s);
  while (raw_->Get(std::string(kConversionCrds) + "/notes.example.com").status != 404) {
    ASSERT_TRUE(limit.SleepFor(5ms).ok());
  }
  EXPECT_TRUE(store_->List("/example.com/notes/", {})->records.empty());
}

TEST_F(Conversions, AnotherWebhookEndsWatches) {
  const auto watch = server_->InProcess(testing::EnvTest::Administrator())
                         ->Stream(Context(), {"GET", Path("v2") + "?watch=1", {}, ""});
  ASSERT_TRUE(watch.ok() && watch->stream);
  ASSERT_EQ(raw_->Do("PATCH", std::string(kConversionCrds) + "/notes.example.com",
                     R"({"spec":{"conversion":{"strategy":"None","webhook":null}}})",
                     {{"Content-Type", "application/merge-patch+json"}})
                .status,
            200);
  const Result<std::string> end = watch->stream->Read();
  EXPECT_TRUE(end.ok() && end->empty());
  ASSERT_EQ(Make("v1", "a", {{"text", "one"}}).status, 201);
  EXPECT_EQ(raw_->Get(Path("v2") + "/a").body["spec"], Json({{"more", "yes"}}));
  EXPECT_EQ(webhook_->calls, 0);
}

}  // namespace
}  // namespace gantry::testing
