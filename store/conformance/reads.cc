#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "store/conformance/conformance.h"

namespace gantry::store {
namespace {

std::vector<std::string> Keys(const Result<ListResult>& list) {
  std::vector<std::string> keys;
  if (!list.ok()) return {"error: " + list.error().message};
  for (const Record& r : list->records) keys.push_back(r.key);
  return keys;
}

using Names = std::vector<std::string>;

void GetReadsAnyRevision(ConformanceTest& t) {
  const Revision a = *t->Create("/a", "1");
  const Revision b = *t->Create("/b", "x");
  const Revision c = *t->Update("/a", "2", a);
  const Revision d = *t->Delete("/a", c);
  EXPECT_EQ(t->Get("/a", a)->record->value, "1");
  EXPECT_EQ(t->Get("/a", b)->record->value, "1");
  EXPECT_EQ(t->Get("/a", b)->record->mod_revision, a);
  EXPECT_EQ(t->Get("/a", c)->record->value, "2");
  EXPECT_FALSE(t->Get("/a", d)->record.has_value());
  EXPECT_FALSE(t->Get("/b", a)->record.has_value());
}

void ReadsReportTheirRevision(ConformanceTest& t) {
  EXPECT_EQ(t->Get("/a")->revision, 0);
  EXPECT_EQ(t->List("/", {})->revision, 0);
  const Revision a = *t->Create("/a", "1");
  const Revision b = *t->Create("/b", "1");
  EXPECT_EQ(t->Get("/nothing")->revision, b);
  EXPECT_EQ(t->Get("/a", a)->revision, a);
  EXPECT_EQ(t->List("/", {})->revision, b);
  ListOptions at_a;
  at_a.at = a;
  EXPECT_EQ(t->List("/", at_a)->revision, a);
}

void TheFutureCannotBeRead(ConformanceTest& t) {
  const Revision a = *t->Create("/a", "1");
  ListOptions options;
  for (Revision at : {a + 1, a + 1000, Revision{-1}}) {
    options.at = at;
    EXPECT_EQ(t->Get("/a", at).code(), Code::kInvalid);
    EXPECT_EQ(t->List("/", options).code(), Code::kInvalid);
  }
}

void ListIsInBytewiseOrder(ConformanceTest& t) {
  Names keys = {"/a",     "/a/b", "/a0",   std::string("/a\0", 3),    std::string("/a\0/b", 5),
                "/a\x01", "/b",   "/\xff", std::string("/a\0\xff", 4)};
  for (const auto& key : keys) ASSERT_TRUE(t->Create(key, key).ok());
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(Keys(t->List("/", {})), keys);
  EXPECT_EQ(Keys(t->List("", {})), keys);
}

void ListTakesThePrefixOnly(ConformanceTest& t) {
  for (const char* key : {"/a", "/aa/1", "/aa/2", "/ab", "/\xff\xff",
                          "/\xff\xff"
                          "1",
                          "0"}) {
    ASSERT_TRUE(t->Create(key, "v").ok());
  }
  EXPECT_EQ(Keys(t->List("/aa/", {})), (Names{"/aa/1", "/aa/2"}));
  EXPECT_EQ(Keys(t->List("/a", {})), (Names{"/a", "/aa/1", "/aa/2", "/ab"}));
  EXPECT_EQ(Keys(t->List("/\xff\xff", {})), (Names{"/\xff\xff",
                                                   "/\xff\xff"
                                                   "1"}));
  EXPECT_EQ(Keys(t->List("/c", {})), Names{});
  EXPECT_EQ(Keys(t->List("0", {})), Names{"0"});
}

void ListLeavesOutDeletedKeys(ConformanceTest& t) {
  for (const char* key : {"/a", "/b", "/c"}) ASSERT_TRUE(t->Create(key, "1").ok());
  const Revision before = t->current_revision();
  ASSERT_TRUE(t->Delete("/b", 0).ok());
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(t->Update("/a", std::to_string(i), 0).ok());
  EXPECT_EQ(Keys(t->List("/", {})), (Names{"/a", "/c"}));
  ListOptions options;
  options.at = before;
  const auto old = t->List("/", options);
  EXPECT_EQ(Keys(old), (Names{"/a", "/b", "/c"}));
  EXPECT_EQ(old->records[0].value, "1");
}

void ListStartsAtAKey(ConformanceTest& t) {
  for (const char* key : {"/p/a", "/p/b", "/p/d", "/q"}) ASSERT_TRUE(t->Create(key, "v").ok());
  const std::vector<std::pair<std::string, Names>> cases = {{"", {"/p/a", "/p/b", "/p/d"}},
                                                            {"/", {"/p/a", "/p/b", "/p/d"}},
                                                            {"/p/b", {"/p/b", "/p/d"}},
                                                            {"/p/c", {"/p/d"}},
                                                            {std::string("/p/b\0", 5), {"/p/d"}},
                                                            {"/p/e", {}},
                                                            {"/z", {}}};
  for (const auto& [start, want] : cases) {
    ListOptions options;
    options.start = start;
    EXPECT_EQ(Keys(t->List("/p/", options)), want) << start;
  }
}

void TheLimitIsExactAndMoreIsTrue(ConformanceTest& t) {
  for (const char* key : {"/a", "/b", "/c", "/d"}) ASSERT_TRUE(t->Create(key, "v").ok());
  ASSERT_TRUE(t->Delete("/d", 0).ok());
  ListOptions options;
  for (size_t limit = 1; limit <= 5; ++limit) {
    options.limit = limit;
    const auto list = t->List("/", options);
    EXPECT_EQ(list->records.size(), std::min<size_t>(limit, 3));
    // A deleted key behind the last record is no key.
    EXPECT_EQ(list->more, limit < 3) << limit;
  }
  EXPECT_FALSE(t->List("/", {})->more);
}

void PagesOfOneRevisionFitTogetherDuringWrites(ConformanceTest& t) {
  Names want;
  for (int i = 100; i < 200; ++i) {
    want.push_back("/k" + std::to_string(i));
    ASSERT_TRUE(t->Create(want.back(), "old").ok());
  }
  Names got;
  ListOptions options;
  options.limit = 7;
  for (int page = 0;; ++page) {
    const auto list = t->List("/k", options);
    ASSERT_TRUE(list.ok());
    for (const Record& r : list->records) {
      got.push_back(r.key);
      EXPECT_EQ(r.value, "old");
    }
    if (!list->more) break;
    options.at = list->revision;
    options.start = list->records.back().key + std::string(1, '\0');
    ASSERT_TRUE(t->Create("/k" + std::to_string(100 + page * 5) + "x", "new").ok());
    ASSERT_TRUE(t->Delete("/k" + std::to_string(199 - page), 0).ok());
    ASSERT_TRUE(t->Update("/k" + std::to_string(120 + page), "new", 0).ok());
  }
  EXPECT_EQ(got, want);
}

void EveryRevisionReadsAsItWas(ConformanceTest& t) {
  // A fixed pseudo-random history, checked against a model at every revision.
  std::map<std::string, std::string> model;
  std::vector<std::map<std::string, std::string>> at(1);
  uint32_t seed = 12345;
  auto next = [&seed] { return (seed = seed * 1664525 + 1013904223) >> 8; };
  while (at.size() <= 150) {
    const std::string key = "/k" + std::to_string(next() % 12);
    const std::string value = std::to_string(next());
    if (!model.contains(key)) {
      ASSERT_TRUE(t->Create(key, value).ok());
      model[key] = value;
    } else if (next() % 3 == 0) {
      ASSERT_TRUE(t->Delete(key, 0).ok());
      model.erase(key);
    } else {
      ASSERT_TRUE(t->Update(key, value, 0).ok());
      model[key] = value;
    }
    at.push_back(model);
  }
  for (size_t revision = 1; revision < at.size(); ++revision) {
    ListOptions options;
    options.at = static_cast<Revision>(revision);
    std::map<std::string, std::string> got;
    const auto list = t->List("/", options);
    ASSERT_TRUE(list.ok());
    for (const Record& r : list->records) got[r.key] = r.value;
    EXPECT_EQ(got, at[revision]) << revision;
  }
}

}  // namespace

ConformanceCases ReadCases() {
  return {
      {"GetReadsAnyRevision", GetReadsAnyRevision},
      {"ReadsReportTheirRevision", ReadsReportTheirRevision},
      {"TheFutureCannotBeRead", TheFutureCannotBeRead},
      {"ListIsInBytewiseOrder", ListIsInBytewiseOrder},
      {"ListTakesThePrefixOnly", ListTakesThePrefixOnly},
      {"ListLeavesOutDeletedKeys", ListLeavesOutDeletedKeys},
      {"ListStartsAtAKey", ListStartsAtAKey},
      {"TheLimitIsExactAndMoreIsTrue", TheLimitIsExactAndMoreIsTrue},
      {"PagesOfOneRevisionFitTogetherDuringWrites", PagesOfOneRevisionFitTogetherDuringWrites},
      {"EveryRevisionReadsAsItWas", EveryRevisionReadsAsItWas},
  };
}

}  // namespace gantry::store
