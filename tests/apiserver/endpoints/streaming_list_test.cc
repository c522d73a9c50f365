#include <gtest/gtest.h>

#include <future>

#include "tests/apiserver/endpoints/config_map_fixture.h"

// Watches that begin with the present state, and what may be asked of lists and watches together.
namespace gantry::testing {
namespace {

constexpr char kStreaming[] =
    "watch=1&timeoutSeconds=1&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan&"
    "sendInitialEvents=";
constexpr char kEnd[] = "k8s.io/initial-events-end";

class StreamingList : public ConfigMapFixture {
 protected:
  std::vector<Json> Watch(const std::string& query, HeaderList headers = {}) {
    return raw_.Lines(path_ + "?" + query, 100, std::move(headers));
  }
  static std::string Types(const std::vector<Json>& events) {
    std::string types;
    for (const Json& event : events) types += event["type"].get<std::string>().substr(0, 1);
    return types;
  }
};

TEST_F(StreamingList, WhatAWatchBeginsWith) {
  Make("a");
  const std::string revision = Revision();
  Make("b");
  struct Case {
    std::string query;
    const char* types;  // Added, Bookmark (one at the end of each watch that wants them) ...
  };
  const Case cases[] = {
      {kStreaming + std::string("true"), "AABB"},
      {kStreaming + std::string("true&resourceVersion=0"), "AABB"},
      {kStreaming + std::string("true&resourceVersion=") + revision, "AABB"},
      {kStreaming + std::string("true&fieldSelector=metadata.name%3Db"), "ABB"},
      {kStreaming + std::string("true&labelSelector=none"), "BB"},
      {kStreaming + std::string("false"), "B"},
      {kStreaming + std::string("false&resourceVersion=0"), "B"},
      {kStreaming + std::string("false&resourceVersion=") + revision, "AB"},
      // Without bookmarks there is none to mark.
      {"watch=1&timeoutSeconds=1&resourceVersionMatch=NotOlderThan&sendInitialEvents=true", "AA"},
      // What clients did before there were streaming lists.
      {"watch=1&timeoutSeconds=1&allowWatchBookmarks=true", "AAB"},
      {"watch=1&timeoutSeconds=1&allowWatchBookmarks=true&resourceVersion=0", "AAB"},
      {"watch=1&timeoutSeconds=1&resourceVersion=" + revision, "A"},
  };
  // All at once: each lasts its second.
  std::vector<std::future<std::vector<Json>>> watches;
  for (const Case& c : cases) {
    watches.push_back(std::async(std::launch::async, [this, &c] { return Watch(c.query); }));
  }
  for (size_t i = 0; i < watches.size(); ++i) {
    EXPECT_EQ(Types(watches[i].get()), cases[i].types) << cases[i].query;
  }
}

TEST_F(StreamingList, TheStreamGoesOnBehindTheMark) {
  Make("a");
  const auto stream = env_.Transport()->Stream(
      Context(), {"GET",
                  path_ + "?watch=1&allowWatchBookmarks=true&sendInitialEvents=true&"
                          "resourceVersionMatch=NotOlderThan",
                  {},
                  ""});
  ASSERT_TRUE(stream.ok() && stream->stream);
  std::string text;
  const auto read_until = [&](const std::string& what) {
    while (text.find(what) == std::string::npos) {
      const Result<std::string> piece = stream->stream->Read();
      ASSERT_TRUE(piece.ok() && !piece->empty()) << text;
      text += *piece;
    }
  };
  read_until(kEnd);
  Make("later");
  read_until("\"later\"");
  EXPECT_LT(text.find(kEnd), text.find("\"later\""));
  stream->stream->Close();
}

TEST_F(StreamingList, EachFormMarksTheEnd) {
  Make("a");
  struct Case {
    const char* accept;
    const char* kind;
    const char* pointer;  // of the annotations
  };
  const Case cases[] = {
      {"application/json", "ConfigMap", "/object/metadata/annotations"},
      {"application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1", "PartialObjectMetadata",
       "/object/metadata/annotations"},
      {"application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1beta1", "PartialObjectMetadata",
       "/object/metadata/annotations"},
      {"application/json;as=Table;g=meta.k8s.io;v=v1", "Table",
       "/object/rows/0/object/metadata/annotations"},
      {"application/json;as=Table;g=meta.k8s.io;v=v1beta1", "Table",
       "/object/rows/0/object/metadata/annotations"},
  };
  std::vector<std::future<std::vector<Json>>> watches;
  for (const Case& c : cases) {
    watches.push_back(std::async(std::launch::async, [this, &c] {
      return Watch(kStreaming + std::string("true"), {{"Accept", c.accept}});
    }));
  }
  for (size_t i = 0; i < watches.size(); ++i) {
    const Case& c = cases[i];
    const std::vector<Json> events = watches[i].get();
    ASSERT_EQ(Types(events), "ABB") << c.accept;
    for (const Json& event : events) EXPECT_EQ(event["object"]["kind"], c.kind);
    const Json& annotations = events[1].value(Json::json_pointer(c.pointer), Json());
    EXPECT_EQ(annotations.value(kEnd, ""), "true") << events[1];
    EXPECT_EQ(events[2].dump().find(kEnd), std::string::npos) << "only the first one is marked";
    EXPECT_GT(std::stoll(events[1]["object"]["metadata"]["resourceVersion"].get<std::string>()), 0);
  }
}

TEST_F(StreamingList, OptionsThatDoNotGoTogether) {
  Make("a");
  struct Case {
    std::string query;
    int status;
    const char* field;  // of the cause; empty: none
    const char* text;
  };
  const Case cases[] = {
      {"watch=1&sendInitialEvents=true", 422, "resourceVersionMatch",
       "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"},
      {"watch=1&sendInitialEvents=false", 422, "resourceVersionMatch", "requires"},
      {"watch=1&sendInitialEvents=true&resourceVersionMatch=Exact", 422, "resourceVersionMatch",
       "Unsupported value: \"Exact\""},
      {"watch=1&resourceVersionMatch=NotOlderThan&resourceVersion=1", 422, "resourceVersionMatch",
       "forbidden for watch unless sendInitialEvents is provided"},
      {"watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&continue=61", 422,
       "resourceVersionMatch", "forbidden when continue is provided"},
      {"watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=999999",
       504, "", "Too large resource version: 999999, current: "},
      {"sendInitialEvents=true", 422, "sendInitialEvents",
       "sendInitialEvents is forbidden for list"},
      {"resourceVersionMatch=Exact", 422, "resourceVersionMatch",
       "forbidden unless resourceVersion is provided"},
      {"resourceVersionMatch=NotOlderThan&continue=61&resourceVersion=1", 422,
       "resourceVersionMatch", "forbidden when continue is provided"},
      {"resourceVersionMatch=Newer&resourceVersion=1", 422, "resourceVersionMatch",
       "Unsupported value: \"Newer\": supported values: \"Exact\", \"NotOlderThan\""},
      {"resourceVersionMatch=Exact&resourceVersion=0", 422, "resourceVersionMatch",
       "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""},
      {"continue=61&resourceVersion=1", 400, "",
       "specifying resource version is not allowed when using continue"},
      {"continue=nonsense", 400, "", "continue key is not valid"},
      {"resourceVersion=999999&resourceVersionMatch=Exact", 504, "", "Too large resource version"},
      {"resourceVersion=-1", 400, "", "resourceVersion: Invalid value: \"-1\""},
      {"limit=-1", 400, "", "limit: Invalid value"},
      {"watch=1&timeoutSeconds=soon", 400, "", "timeoutSeconds: Invalid value: \"soon\""},
      {"fieldSelector=metadata.name%3Da%5Cb", 400, "", "invalid escape sequence"},
      {"watch=1&fieldSelector=spec.color%3Dred", 400, "", "field label not supported: spec.color"},
  };
  for (const Case& c : cases) {
    const RawAnswer answer = raw_.Get(path_ + "?" + c.query);
    EXPECT_EQ(answer.status, c.status) << c.query << answer.text;
    EXPECT_EQ(answer.body["kind"], "Status") << c.query;
    EXPECT_NE(answer.text.find(Json(c.text).dump().substr(1, std::string(c.text).size())),
              std::string::npos)
        << c.query << answer.text;
    if (*c.field != '\0') {
      EXPECT_EQ(answer.body["details"]["causes"][0]["field"], c.field) << c.query;
    }
  }
}

TEST_F(StreamingList, WhichRevisionAListShows) {
  Make("a");
  const std::string one = Revision();
  Make("b");
  const std::string two = Revision();
  struct Case {
    std::string query;
    std::string revision;
    size_t items;
  };
  const Case cases[] = {
      {"", two, 2},
      {"resourceVersion=", two, 2},
      {"resourceVersion=0", two, 2},
      {"resourceVersion=" + one, two, 2},
      {"resourceVersion=" + one + "&resourceVersionMatch=NotOlderThan", two, 2},
      {"resourceVersion=" + one + "&resourceVersionMatch=Exact", one, 1},
      // A page of a revision that the client names is of exactly that one.
      {"resourceVersion=" + one + "&limit=10", one, 1},
      {"resourceVersion=" + one + "&limit=10&resourceVersionMatch=NotOlderThan", two, 2},
      {"resourceVersion=0&limit=10", two, 2},
      {"fieldSelector=metadata.namespace%3Ddefault", two, 2},
      {"fieldSelector=metadata.namespace%3Dother", two, 0},
      {"fieldSelector=metadata.name!%3Da", two, 1},
  };
  for (const Case& c : cases) {
    const RawAnswer list = raw_.Get(path_ + "?" + c.query);
    EXPECT_EQ(list.body["metadata"]["resourceVersion"], c.revision) << c.query << list.text;
    EXPECT_EQ(list.body["items"].size(), c.items) << c.query;
  }
}

TEST_F(StreamingList, DeleteCollectionTakesWhatTheSelectorsWant) {
  for (int i = 0; i < 200; ++i) {
    Make(fmt::format("c{:03}", i), i % 2 == 0 ? R"({"even":"yes"})" : "{}");
  }
  EXPECT_EQ(raw_.Do("DELETE", path_ + "?labelSelector=even&dryRun=All").body["items"].size(), 100u);
  EXPECT_EQ(raw_.Get(path_).body["items"].size(), 200u);
  const RawAnswer deleted = raw_.Do("DELETE", path_ + "?labelSelector=even");
  ASSERT_EQ(deleted.status, 200) << deleted.text;
  EXPECT_EQ(deleted.body["kind"], "ConfigMapList");
  ASSERT_EQ(deleted.body["items"].size(), 100u);
  EXPECT_EQ(deleted.body["items"][1]["metadata"]["name"], "c002");
  EXPECT_EQ(raw_.Get(path_).body["items"].size(), 100u);
  EXPECT_EQ(raw_.Do("DELETE", path_ + "?fieldSelector=metadata.name%3Dc001").body["items"].size(),
            1u);
  const RawAnswer other = raw_.Do("DELETE", path_, R"({"preconditions":{"uid":"other"}})");
  EXPECT_EQ(other.status, 409) << other.text;
  EXPECT_EQ(raw_.Get(path_).body["items"].size(), 99u);
}

}  // namespace
}  // namespace gantry::testing
