#include <gtest/gtest.h>

#include "tests/apiserver/endpoints/config_map_fixture.h"

namespace gantry::testing {
namespace {

class ListWatch : public ConfigMapFixture {
 protected:
  void Patch(const std::string& name, const std::string& patch) {
    const RawAnswer patched = raw_.Do("PATCH", path_ + "/" + name, patch,
                                      {{"Content-Type", "application/merge-patch+json"}});
    ASSERT_EQ(patched.status, 200) << patched.text;
  }
};

TEST_F(ListWatch, PagesShowOneRevision) {
  for (const char* name : {"a", "b", "c", "d", "e"}) Make(name);
  const RawAnswer first = raw_.Get(path_ + "?limit=2");
  ASSERT_EQ(first.body["items"].size(), 2u);
  EXPECT_EQ(first.body["metadata"]["remainingItemCount"], 3);
  Make("aa");
  EXPECT_EQ(raw_.Do("DELETE", path_ + "/e").status, 200);
  std::vector<std::string> names;
  std::string token = first.body["metadata"]["continue"];
  while (!token.empty()) {
    const RawAnswer page = raw_.Get(path_ + "?limit=2&continue=" + token);
    ASSERT_EQ(page.status, 200) << page.text;
    EXPECT_EQ(page.body["metadata"]["resourceVersion"], first.body["metadata"]["resourceVersion"]);
    for (const Json& item : page.body["items"]) names.push_back(item["metadata"]["name"]);
    token = page.body["metadata"].value("continue", "");
  }
  EXPECT_EQ(names, (std::vector<std::string>{"c", "d", "e"}));
}

TEST_F(ListWatch, ExactRevisionShowsThePast) {
  Make("a");
  const std::string then = Revision();
  Make("b");
  const RawAnswer past = raw_.Get(path_ + "?resourceVersionMatch=Exact&resourceVersion=" + then);
  ASSERT_EQ(past.status, 200) << past.text;
  EXPECT_EQ(past.body["items"].size(), 1u);
  EXPECT_EQ(past.body["metadata"]["resourceVersion"], then);
}

TEST_F(ListWatch, SelectorTransitionsBecomeAddedAndDeleted) {
  Make("a");
  const std::string start = Revision();
  Patch("a", R"({"metadata":{"labels":{"on":"yes"}}})");
  Patch("a", R"({"data":{"k":"2"}})");
  Patch("a", R"({"metadata":{"labels":{"on":"no"}}})");
  Patch("a", R"({"data":{"k":"3"}})");
  const std::vector<Json> events = raw_.Lines(
      path_ + "?watch=1&labelSelector=on%3Dyes&timeoutSeconds=1&resourceVersion=" + start, 10);
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0]["type"], "ADDED");
  EXPECT_EQ(events[1]["type"], "MODIFIED");
  EXPECT_EQ(events[2]["type"], "DELETED");
  EXPECT_GT(std::stoll(events[2]["object"]["metadata"]["resourceVersion"].get<std::string>()),
            std::stoll(events[1]["object"]["metadata"]["resourceVersion"].get<std::string>()));
}

TEST_F(ListWatch, ExpiredIs410WithAFreshToken) {
  for (const char* name : {"a", "b", "c"}) Make(name);
  const RawAnswer page = raw_.Get(path_ + "?limit=1");
  const std::string token = page.body["metadata"]["continue"];
  const std::string old = page.body["metadata"]["resourceVersion"];
  // A server that starts after the horizon moved knows nothing older.
  Make("d");
  ASSERT_TRUE(env_.store().Compact(env_.store().current_revision()).ok());
  apiserver::ApiServer fresh(&env_.store(), {});
  ASSERT_TRUE(fresh.Start(Context()).ok());
  const RawClient raw(fresh);
  const RawAnswer watch = raw.Get(path_ + "?watch=1&resourceVersion=" + old);
  EXPECT_EQ(watch.status, 410) << watch.text;
  EXPECT_EQ(watch.body["reason"], "Expired");
  const RawAnswer next = raw.Get(path_ + "?limit=1&continue=" + token);
  EXPECT_EQ(next.status, 410) << next.text;
  EXPECT_EQ(next.body["reason"], "Expired");
  const std::string inconsistent = next.body["metadata"]["continue"];
  const RawAnswer rest = raw.Get(path_ + "?continue=" + inconsistent);
  EXPECT_EQ(rest.body["items"].size(), 3u) << rest.text;
}

TEST_F(ListWatch, WatchesResumeAcrossARestart) {
  Make("a");
  const std::string before = Revision();
  Make("b");
  apiserver::ApiServer fresh(&env_.store(), {});
  ASSERT_TRUE(fresh.Start(Context()).ok());
  const std::vector<Json> events =
      RawClient(fresh).Lines(path_ + "?watch=1&timeoutSeconds=1&resourceVersion=" + before, 10);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0]["object"]["metadata"]["name"], "b");
}

TEST_F(ListWatch, TablesInGetListAndWatch) {
  const HeaderList table = {
      {"Accept", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"}};
  Make("a");
  Make("b");
  const RawAnswer list = raw_.Get(path_, table);
  EXPECT_EQ(list.header("Content-Type"), "application/json;as=Table;g=meta.k8s.io;v=v1");
  EXPECT_EQ(list.body["kind"], "Table");
  EXPECT_EQ(list.body["rows"].size(), 2u);
  EXPECT_EQ(list.body["rows"][0]["cells"][0], "a");
  EXPECT_EQ(raw_.Get(path_ + "/a", table).body["rows"].size(), 1u);
  const std::vector<Json> events = raw_.Lines(path_ + "?watch=1&timeoutSeconds=1", 10, table);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_FALSE(events[0]["object"]["columnDefinitions"].empty());
  EXPECT_TRUE(events[1]["object"]["columnDefinitions"].empty());
}

TEST_F(ListWatch, MetadataAlone) {
  const HeaderList partial = {
      {"Accept", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"}};
  Make("a");
  const RawAnswer list = raw_.Get(path_, partial);
  EXPECT_EQ(list.body["kind"], "PartialObjectMetadataList");
  ASSERT_EQ(list.body["items"].size(), 1u);
  EXPECT_EQ(list.body["items"][0]["kind"], "PartialObjectMetadata");
  EXPECT_FALSE(list.body["items"][0].contains("data"));
}

TEST_F(ListWatch, FieldSelectorsOfAKind) {
  InstallWidgets(raw_);
  for (const char* color : {"red", "blue"}) {
    const Json body = {{"apiVersion", "example.com/v1"},
                       {"kind", "Widget"},
                       {"metadata", {{"name", color}}},
                       {"spec", {{"color", color}}}};
    ASSERT_EQ(raw_.Do("POST", kWidgetsPath, body.dump()).status, 201);
  }
  const RawAnswer blue = raw_.Get(std::string(kWidgetsPath) + "?fieldSelector=spec.color%3Dblue");
  ASSERT_EQ(blue.body["items"].size(), 1u) << blue.text;
  EXPECT_EQ(blue.body["items"][0]["metadata"]["name"], "blue");
}

TEST_F(ListWatch, IndentedForPeople) {
  Make("a");
  for (const std::string& target : {path_ + "/a", path_, path_ + "/none"}) {
    const RawAnswer plain = raw_.Get(target);
    EXPECT_EQ(plain.text.find("\n  "), std::string::npos);
    EXPECT_EQ(raw_.Get(target + "?pretty=false").text, plain.text);
    const RawAnswer pretty = raw_.Get(target + "?pretty=true");
    EXPECT_EQ(pretty.status, plain.status);
    EXPECT_EQ(pretty.body, plain.body);
    EXPECT_NE(pretty.text.find("\n  \"metadata\": {"), std::string::npos) << pretty.text;
  }
  const std::string watch = path_ + "?watch=1&resourceVersion=0&timeoutSeconds=1&pretty=true";
  EXPECT_EQ(raw_.Lines(watch, 2).size(), 1u) << "an event stays a line";
}

TEST_F(ListWatch, YamlInAndOut) {
  const std::string yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: y\ndata:\n  a: b\n";
  EXPECT_EQ(raw_.Do("POST", path_, yaml, {{"Content-Type", "application/yaml"}}).status, 201);
  const RawAnswer answer = raw_.Get(path_ + "/y", {{"Accept", "application/yaml"}});
  EXPECT_EQ(answer.header("Content-Type"), "application/yaml");
  EXPECT_NE(answer.text.find("kind: ConfigMap"), std::string::npos);
}

}  // namespace
}  // namespace gantry::testing
