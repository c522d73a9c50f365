#include "store/tools/check.h"

#include <gtest/gtest.h>

#include <functional>
#include <sstream>

#include "store/rocksdb/engine.h"
#include "store/rocksdb/keys.h"
#include "store/rocksdb/rocksdb_store.h"
#include "tests/store/rocksdb/temp_dir.h"

namespace gantry::store {
namespace {

class CheckTest : public testing::Test {
 protected:
  void SetUp() override {
    auto store = OpenRocksDbStore(dir_ / "store");
    ASSERT_TRUE(store.ok()) << store.error().message;
    ASSERT_TRUE((*store)->Create("/a", "1").ok());     // 1
    ASSERT_TRUE((*store)->Update("/a", "2", 1).ok());  // 2
    ASSERT_TRUE((*store)->Create("/b", "1").ok());     // 3
    ASSERT_TRUE((*store)->Delete("/b", 3).ok());       // 4
    ASSERT_TRUE((*store)->Compact(2).ok());
    ASSERT_TRUE((*store)->Update("/a", "say \"x\"\n", 2).ok());  // 5
  }

  // Opens the engine and lets `damage` write what the store never would.
  void Damage(const std::function<rocksdb::Status(Engine*)>& damage) {
    auto engine = Engine::Open(dir_ / "store", {});
    ASSERT_TRUE(engine.ok());
    ASSERT_TRUE(damage(engine->get()).ok());
  }

  CheckReport Check(std::string* text) {
    std::ostringstream out;
    auto report = CheckStore(dir_ / "store", out);
    *text = out.str();
    EXPECT_TRUE(report.ok());
    return report.ok() ? *report : CheckReport{};
  }

  TempDir dir_;
  const rocksdb::WriteOptions write_;
};

TEST_F(CheckTest, ASoundStoreHasNoProblems) {
  std::string text;
  const CheckReport report = Check(&text);
  EXPECT_EQ(report.problems, 0u) << text;
  EXPECT_EQ(report.leftovers, 0u) << text;
  EXPECT_EQ(report.live_keys, 1u);
  EXPECT_EQ(report.versions, 4u);
  EXPECT_EQ(report.log_entries, 3u);
  EXPECT_EQ(report.horizon, 2);
  EXPECT_EQ(report.last, 5);
}

TEST_F(CheckTest, EveryKindOfDamageIsFound) {
  struct Case {
    const char* name;
    std::function<rocksdb::Status(Engine*)> damage;
    const char* text;
  };
  const Case cases[] = {
      {"data record gone",
       [this](Engine* e) { return e->db()->Delete(write_, e->data(), EncodeVersion("/a", 5)); },
       "revision 5, key \"/a\": is in the log, but has no data record"},
      {"log entry gone",
       [this](Engine* e) { return e->db()->Delete(write_, e->log(), EncodeRevision(4)); },
       "revision 5, key \"\": the log should go on with revision 4"},
      {"orphan",
       [this](Engine* e) {
         return e->db()->Put(write_, e->data(), EncodeVersion("/x", 9), std::string(1, kValueMark));
       },
       "revision 9, key \"/x\": has a data record, but is not in the log"},
      {"previous wrong",
       [this](Engine* e) {
         return e->db()->Put(write_, e->log(), EncodeRevision(5),
                             EncodeLog(Event::Type::kPut, 1, "/a"));
       },
       "names 1 as the version before it, but that is 2"},
      {"kinds differ",
       [this](Engine* e) {
         return e->db()->Put(write_, e->log(), EncodeRevision(5),
                             EncodeLog(Event::Type::kDelete, 2, "/a"));
       },
       "is a deletion in one place and a value in the other"},
      {"version of the horizon gone",
       [this](Engine* e) { return e->db()->Delete(write_, e->data(), EncodeVersion("/a", 2)); },
       "names 2 as the version before it, but that is 0"},
      {"broken log record",
       [this](Engine* e) { return e->db()->Put(write_, e->log(), EncodeRevision(5), "?"); },
       "its log record does not decode"},
      {"broken data key", [this](Engine* e) { return e->db()->Put(write_, e->data(), "?", "x"); },
       "a data key does not decode"},
      {"broken data record",
       [this](Engine* e) { return e->db()->Put(write_, e->data(), EncodeVersion("/a", 5), ""); },
       "its data record has no mark"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    std::filesystem::remove_all(dir_ / "store");
    SetUp();
    Damage(c.damage);
    std::string text;
    EXPECT_GT(Check(&text).problems, 0u);
    EXPECT_NE(text.find(c.text), text.npos) << text;
  }
}

TEST_F(CheckTest, LeftoversOfACompactionAreNoProblem) {
  Damage([this](Engine* e) {
    rocksdb::Status s =
        e->db()->Put(write_, e->log(), EncodeRevision(1), EncodeLog(Event::Type::kPut, 0, "/a"));
    if (!s.ok()) return s;
    return e->db()->Put(write_, e->data(), EncodeVersion("/a", 1), std::string(1, kValueMark));
  });
  std::string text;
  const CheckReport report = Check(&text);
  EXPECT_EQ(report.problems, 0u) << text;
  EXPECT_EQ(report.leftovers, 2u) << text;
}

TEST_F(CheckTest, WhatIsNoStoreIsAnError) {
  std::ostringstream out;
  EXPECT_FALSE(CheckStore(dir_ / "nothing", out).ok());
  EXPECT_FALSE(std::filesystem::exists(dir_ / "nothing"));
}

TEST_F(CheckTest, DumpPrintsLiveKeys) {
  std::ostringstream out;
  ASSERT_TRUE(DumpStore(dir_ / "store", "", out).ok());
  EXPECT_EQ(
      out.str(),
      "{\"key\":\"/a\",\"revision\":5,\"size\":8,\"value\":\"say \\u0022x\\u0022\\u000a\"}\n");
  std::ostringstream other;
  ASSERT_TRUE(DumpStore(dir_ / "store", "/c", other).ok());
  EXPECT_EQ(other.str(), "");
}

}  // namespace
}  // namespace gantry::store
