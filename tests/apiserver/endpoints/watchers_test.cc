#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "tests/apiserver/endpoints/config_map_fixture.h"

// Watchers: whoever watches sees the same events in the same order, from wherever it begins.
namespace gantry::testing {
namespace {

class Watchers : public ConfigMapFixture {
 protected:
  void Patch(const std::string& name, const std::string& patch) {
    const RawAnswer patched = raw_.Do("PATCH", path_ + "/" + name, patch,
                                      {{"Content-Type", "application/merge-patch+json"}});
    ASSERT_EQ(patched.status, 200) << patched.text;
  }
  // `TYPE name@revision` of each event.
  static std::vector<std::string> Describe(const std::vector<Json>& events) {
    std::vector<std::string> texts;
    for (const Json& event : events) {
      const Json& meta = event["object"]["metadata"];
      texts.push_back(event["type"].get<std::string>() + " " + meta.value("name", "") + "@" +
                      meta.value("resourceVersion", ""));
    }
    return texts;
  }
};

TEST_F(Watchers, ConcurrentWatchersSeeOneOrder) {
  constexpr int kWriters = 3, kEach = 20, kWatchers = 4;
  const std::string start = Revision();
  const std::string query = path_ + "?watch=1&resourceVersion=" + start;
  std::vector<std::future<std::vector<Json>>> watchers;
  for (int i = 0; i < kWatchers; ++i) {
    watchers.push_back(std::async(std::launch::async, [&] {
      return raw_.Lines(query, static_cast<size_t>(kWriters) * kEach * 3);
    }));
  }
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; i < kEach; ++i) {
        const std::string name = fmt::format("w{}-{}", w, i);
        Make(name);
        Patch(name, R"({"data":{"k":"2"}})");
        EXPECT_EQ(raw_.Do("DELETE", path_ + "/" + name).status, 200);
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  const std::vector<Json> first = watchers[0].get();
  const std::vector<std::string> order = Describe(first);
  ASSERT_EQ(order.size(), static_cast<size_t>(kWriters) * kEach * 3);
  for (int i = 1; i < kWatchers; ++i) EXPECT_EQ(Describe(watchers[i].get()), order);
  int64_t last = std::stoll(start);
  for (const Json& event : first) {
    const int64_t revision =
        std::stoll(event["object"]["metadata"]["resourceVersion"].get<std::string>());
    EXPECT_GT(revision, last) << "time goes forward";
    last = revision;
  }
  // A watch that begins at the revision of any event goes on behind it.
  for (const size_t at : {size_t{0}, order.size() / 2, order.size() - 2}) {
    const std::string from = first[at]["object"]["metadata"]["resourceVersion"];
    const std::vector<Json> rest =
        raw_.Lines(path_ + "?watch=1&resourceVersion=" + from, order.size() - at - 1);
    EXPECT_EQ(Describe(rest), std::vector<std::string>(order.begin() + at + 1, order.end()));
  }
}

TEST_F(Watchers, ADeletionCarriesTheLastStateAndItsOwnRevision) {
  Make("a");
  const std::string start = Revision();
  Patch("a", R"({"data":{"k":"last"}})");
  ASSERT_EQ(raw_.Do("DELETE", path_ + "/a").status, 200);
  const std::vector<Json> events = raw_.Lines(path_ + "?watch=1&resourceVersion=" + start, 2);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1]["type"], "DELETED");
  EXPECT_EQ(events[1]["object"]["data"]["k"], "last");
  EXPECT_EQ(events[1]["object"]["metadata"]["resourceVersion"], Revision());
  EXPECT_NE(events[0]["object"]["metadata"]["resourceVersion"], Revision());
}

TEST_F(Watchers, AllNamespacesOrOne) {
  env_.MakeNamespace("team");
  const std::string start = Revision();
  Make("a");
  ASSERT_EQ(
      raw_.Do("POST", "/api/v1/namespaces/team/configmaps", R"({"metadata":{"name":"b"}})").status,
      201);
  const std::string from = "?watch=1&timeoutSeconds=1&resourceVersion=" + start;
  std::vector<std::future<size_t>> counts;
  for (const char* path : {"/api/v1/configmaps", "/api/v1/namespaces/team/configmaps"}) {
    counts.push_back(std::async(std::launch::async,
                                [this, path, from] { return raw_.Lines(path + from, 10).size(); }));
  }
  EXPECT_EQ(counts[0].get(), 2u);
  EXPECT_EQ(counts[1].get(), 1u);
}

// How clients asked before there was `?watch=1`.
TEST_F(Watchers, PathsThatSayWatch) {
  env_.MakeNamespace("team");
  InstallWidgets(raw_);
  Make("a");
  Make("ab");
  ASSERT_EQ(
      raw_.Do("POST", "/api/v1/namespaces/team/configmaps", R"({"metadata":{"name":"a"}})").status,
      201);
  ASSERT_EQ(raw_.Do("POST", kWidgetsPath,
                    R"({"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w"}})")
                .status,
            201);
  struct Case {
    const char* path;
    std::vector<std::string> names;
  };
  const Case cases[] = {
      {"/api/v1/watch/configmaps", {"default/a", "default/ab", "team/a"}},
      {"/api/v1/watch/namespaces/default/configmaps", {"default/a", "default/ab"}},
      {"/api/v1/watch/namespaces/default/configmaps/a", {"default/a"}},
      {"/api/v1/watch/namespaces/default/configmaps/none", {}},
      {"/api/v1/watch/namespaces/default/configmaps?fieldSelector=metadata.name%3Dab",
       {"default/ab"}},
      {"/api/v1/watch/namespaces/team", {"/team"}},
      {"/apis/example.com/v1/watch/widgets", {"default/w"}},
      {"/apis/example.com/v1/watch/namespaces/default/widgets/w", {"default/w"}},
  };
  for (const Case& c : cases) {
    const std::string path = c.path;
    const std::string more = path.find('?') == path.npos ? "?" : "&";
    std::vector<std::string> names;
    for (const Json& event : raw_.Lines(path + more + "timeoutSeconds=1", 10)) {
      EXPECT_EQ(event["type"], "ADDED");
      const Json& meta = event["object"]["metadata"];
      names.push_back(meta.value("namespace", "") + "/" + meta.value("name", ""));
    }
    EXPECT_EQ(names, c.names) << path;
  }
  // As a watch, it follows what happens.
  const std::vector<Json> rest =
      raw_.Lines("/api/v1/watch/namespaces/default/configmaps/a" +
                     std::string("?timeoutSeconds=1&resourceVersion=") + Revision(),
                 10);
  EXPECT_TRUE(rest.empty());
  const std::string one = "/api/v1/watch/namespaces/default/configmaps/a";
  EXPECT_EQ(raw_.Get(one + "?fieldSelector=metadata.name%3Db").status, 400);
  EXPECT_EQ(raw_.Get("/api/v1/watch/none").status, 404);
  for (const char* method : {"DELETE", "POST", "PUT", "PATCH"}) {
    EXPECT_EQ(raw_.Do(method, one, "{}").status, 405) << method;
  }
  EXPECT_EQ(raw_.Get(path_ + "/a").status, 200) << "nothing was deleted";
}

// Pages of a Table, and of metadata alone, are of one revision as well.
TEST_F(Watchers, ChunksOfEachForm) {
  for (const char* name : {"a", "b", "c", "d", "e"}) Make(name);
  struct Case {
    const char* accept;
    const char* items;
    const char* name;
  };
  const Case cases[] = {
      {"application/json", "items", "/metadata/name"},
      {"application/json;as=Table;g=meta.k8s.io;v=v1", "rows", "/object/metadata/name"},
      {"application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", "items",
       "/metadata/name"},
  };
  for (const Case& c : cases) {
    std::vector<std::string> names;
    std::string token, revision;
    do {
      const RawAnswer page = raw_.Get(path_ + "?limit=2&continue=" + token, {{"Accept", c.accept}});
      ASSERT_EQ(page.status, 200) << page.text;
      if (revision.empty()) {
        revision = page.body["metadata"]["resourceVersion"];
        EXPECT_EQ(page.body["metadata"]["remainingItemCount"], 3);
        Make(fmt::format("between{}", &c - cases));
      }
      EXPECT_EQ(page.body["metadata"]["resourceVersion"], revision);
      for (const Json& item : page.body[c.items]) {
        names.push_back(item.value(Json::json_pointer(c.name), ""));
      }
      token = page.body["metadata"].value("continue", "");
    } while (!token.empty());
    names.erase(std::remove_if(names.begin(), names.end(),
                               [](const std::string& n) { return n.rfind("between", 0) == 0; }),
                names.end());
    EXPECT_EQ(names, (std::vector<std::string>{"a", "b", "c", "d", "e"})) << c.accept;
    for (const char* extra : {"between0", "between1", "between2"}) {
      raw_.Do("DELETE", path_ + "/" + extra);
    }
  }
}

}  // namespace
}  // namespace gantry::testing
