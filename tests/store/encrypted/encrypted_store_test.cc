#include "store/encrypted/encrypted_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "store/conformance/recorder.h"
#include "store/tools/check.h"
#include "tests/store/rocksdb/temp_dir.h"

namespace gantry::store {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kCanary[] = "canary-of-the-store";

std::shared_ptr<const SealingKey> Key(const std::string& name) {
  auto key = SealingKey::Make(name, (name + std::string(32, '.')).substr(0, 32));
  return std::make_shared<const SealingKey>(*std::move(key));
}

// The first key writes below `/secret/`, all read. No names: values are stored as they are.
Keyring Ring(const std::vector<std::string>& names) {
  Keyring keyring;
  keyring.AddRule("/secret/", names.empty() ? nullptr : Key(names[0]));
  for (const std::string& name : names) keyring.AddKey(Key(name));
  return keyring;
}

// All bytes of all files.
std::string FilesOf(const std::string& dir) {
  std::string all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(dir)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    all += text.str();
  }
  return all;
}

class EncryptedStoreTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<EncryptedStore>> TryOpen(Keyring keyring) {
    GANTRY_TRY_SET(auto inner, OpenStore("rocksdb:" + path_));
    return EncryptedStore::Open(std::move(inner), std::move(keyring), Random::Real());
  }
  std::unique_ptr<EncryptedStore> Open(const std::vector<std::string>& names) {
    auto store = TryOpen(Ring(names));
    EXPECT_TRUE(store.ok()) << store.error().message;
    return store.ok() ? *std::move(store) : nullptr;
  }
  static size_t StaleValues(const EncryptedStore& store) {
    size_t values = 0;
    for (const auto& stale : store.stale()) values += stale.values;
    return values;
  }

  TempDir dir_;
  const std::string path_ = dir_ / "store";
};

TEST_F(EncryptedStoreTest, OnlyChosenValuesAreSealedAndNoFileHasThem) {
  {
    const auto store = Open({"one"});
    ASSERT_TRUE(store->Create("/secret/a", kCanary).ok());
    ASSERT_TRUE(store->Update("/secret/a", std::string(kCanary) + " again", 0).ok());
    ASSERT_TRUE(store->Create("/secret/b", kCanary).ok());
    ASSERT_TRUE(store->Delete("/secret/b", 0).ok());
    ASSERT_TRUE(store->Create("/open/a", "seen by all").ok());
    EXPECT_EQ(store->Get("/secret/a", 0)->record->value, std::string(kCanary) + " again");
    ASSERT_TRUE(store->Backup(dir_ / "backup").ok());
    EXPECT_THAT(FilesOf(path_), AllOf(Not(HasSubstr(kCanary)), HasSubstr("seen by all")));
  }
  EXPECT_THAT(FilesOf(path_), Not(HasSubstr(kCanary)));
  EXPECT_THAT(FilesOf(dir_ / "backup"), AllOf(Not(HasSubstr(kCanary)), HasSubstr("seen by all")));
  const auto again = Open({"one"});
  EXPECT_EQ(again->Get("/secret/a", 0)->record->value, std::string(kCanary) + " again");
  EXPECT_EQ(again->Get("/open/a", 0)->record->value, "seen by all");
}

// What was sealed before the rules became fewer still needs its key.
TEST_F(EncryptedStoreTest, SealedValuesOutsideOfTheRulesAreStale) {
  {
    Keyring all;
    all.AddRule("/", Key("one"));
    ASSERT_TRUE((*TryOpen(all))->Create("/open/a", "a").ok());
  }
  {
    const auto store = Open({"two", "one"});
    ASSERT_TRUE(store->List("/", {}).ok());
    EXPECT_EQ(StaleValues(*store), 1u);
    ASSERT_TRUE(store->Reseal(Context()).ok());
    EXPECT_EQ(StaleValues(*store), 0u);
  }
  EXPECT_EQ(Open({"two"})->Get("/open/a", 0)->record->value, "a");
}

TEST_F(EncryptedStoreTest, WatchesSeeTheValues) {
  const auto store = Open({"one"});
  Recorder recorder;
  ASSERT_TRUE(store->Create("/secret/a", "1").ok());
  ASSERT_TRUE(recorder.Start(store.get(), "/", 0).ok());
  ASSERT_TRUE(store->Create("/open/a", "2").ok());
  ASSERT_TRUE(store->Delete("/secret/a", 0).ok());
  const auto events = recorder.WaitForEvents(3);
  EXPECT_EQ(events[0].value, "1");
  EXPECT_EQ(events[1].value, "2");
  EXPECT_EQ(events[2].value, "1");
  recorder.Stop();
}

TEST_F(EncryptedStoreTest, AWrongOrMissingKeyIsNamed) {
  Open({"one"})->Create("/secret/a", "1").IgnoreError();
  Open({"two", "one"})->Create("/secret/b", "1").IgnoreError();
  const std::string one = Key("one")->id().fingerprint;
  for (const std::vector<std::string>& names :
       {std::vector<std::string>{}, {"two"}, {"three", "two"}}) {
    const auto opened = TryOpen(Ring(names));
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.code(), Code::kDataLoss);
    if (names.empty()) continue;
    EXPECT_THAT(opened.error().message,
                AllOf(HasSubstr("1 stored value is sealed by key \"one\" (fingerprint " + one),
                      HasSubstr("\"two\"")));
  }
  // The same name does not make it the same key.
  Keyring wrong;
  wrong.AddRule("/secret/",
                std::make_shared<const SealingKey>(*SealingKey::Make("one", std::string(32, '?'))));
  wrong.AddKey(Key("two"));
  EXPECT_THAT(TryOpen(std::move(wrong)).error().message, HasSubstr(one));
  EXPECT_TRUE(TryOpen(Ring({"one", "two"})).ok());
}

TEST_F(EncryptedStoreTest, PlainValuesStayReadableAndAreResealed) {
  {
    const auto plain = Open({});
    for (int i = 0; i < 300; ++i) {
      ASSERT_TRUE(plain->Create("/secret/" + std::to_string(i), kCanary).ok());
    }
    // Looks sealed, and is not.
    ASSERT_TRUE(plain->Create("/secret/odd", std::string("\x01seal\x01") + "?").ok());
    EXPECT_EQ(StaleValues(*plain), 0u);
  }
  const auto store = Open({"one"});
  ASSERT_EQ(store->stale().size(), 1u);
  EXPECT_EQ(store->stale()[0].by.name, "");
  EXPECT_EQ(store->stale()[0].values, 301u);
  EXPECT_EQ(store->Get("/secret/0", 0)->record->value, kCanary);
  ASSERT_TRUE(store->Update("/secret/0", kCanary, 0).ok());
  ASSERT_TRUE(store->Delete("/secret/1", 0).ok());
  EXPECT_EQ(StaleValues(*store), 299u);
  ASSERT_TRUE(store->Reseal(Context()).ok());
  EXPECT_EQ(StaleValues(*store), 0u);
  EXPECT_EQ(store->Get("/secret/odd", 0)->record->value, std::string("\x01seal\x01") + "?");
  const Revision done = store->current_revision();
  ASSERT_TRUE(store->Reseal(Context()).ok());
  EXPECT_EQ(store->current_revision(), done) << "there was nothing to do";
  // The old versions are forgotten, then gone from the disk.
  ASSERT_TRUE(store->Compact(done).ok());
  ASSERT_TRUE(store->Purge().ok());
  EXPECT_THAT(FilesOf(path_), Not(HasSubstr(kCanary)));
}

TEST_F(EncryptedStoreTest, AKeyIsRotated) {
  {
    const auto store = Open({"one"});
    for (int i = 0; i < 10; ++i) {
      ASSERT_TRUE(store->Create("/secret/" + std::to_string(i), "v" + std::to_string(i)).ok());
    }
  }
  {
    const auto store = Open({"two", "one"});
    ASSERT_EQ(store->stale().size(), 1u);
    EXPECT_EQ(store->stale()[0].by.name, "one");
    EXPECT_EQ(store->stale()[0].values, 10u);
    const Context stopped = Context().WithCancel();
    stopped.Cancel();
    EXPECT_FALSE(store->Reseal(stopped).ok());
    ASSERT_TRUE(store->Update("/secret/3", "new", 0).ok());
  }
  EXPECT_FALSE(TryOpen(Ring({"two"})).ok());
  {
    const auto store = Open({"two", "one"});
    EXPECT_EQ(StaleValues(*store), 9u);
    ASSERT_TRUE(store->Reseal(Context()).ok());
    ASSERT_TRUE(store->Compact(store->current_revision()).ok());
  }
  const auto store = Open({"two"});
  EXPECT_EQ(StaleValues(*store), 0u);
  EXPECT_EQ(store->Get("/secret/3", 0)->record->value, "new");
  EXPECT_EQ(store->Get("/secret/9", 0)->record->value, "v9");
}

// A key is known by its fingerprint, and called by its present name.
TEST_F(EncryptedStoreTest, AKeyIsRenamed) {
  Open({"one"})->Create("/secret/a", "1").IgnoreError();
  Keyring keyring;
  keyring.AddRule("/secret/", Key("two"));
  keyring.AddKey(std::make_shared<const SealingKey>(
      *SealingKey::Make("first", ("one" + std::string(32, '.')).substr(0, 32))));
  auto store = TryOpen(std::move(keyring));
  ASSERT_TRUE(store.ok()) << store.error().message;
  EXPECT_EQ((*store)->stale()[0].by.name, "first");
  EXPECT_EQ((*store)->Get("/secret/a", 0)->record->value, "1");
}

// What is not sealed any more is written as it is.
TEST_F(EncryptedStoreTest, BackToPlain) {
  Open({"one"})->Create("/secret/a", "1").IgnoreError();
  Keyring keyring;
  keyring.AddRule("/secret/", nullptr);
  keyring.AddKey(Key("one"));
  {
    auto store = TryOpen(std::move(keyring));
    ASSERT_TRUE(store.ok());
    EXPECT_EQ(StaleValues(**store), 1u);
    ASSERT_TRUE((*store)->Reseal(Context()).ok());
  }
  EXPECT_EQ((*OpenStore("rocksdb:" + path_))->Get("/secret/a")->record->value, "1");
}

TEST_F(EncryptedStoreTest, WhatIsWrittenMeanwhileStays) {
  {
    const auto plain = Open({});
    for (int i = 0; i < 200; ++i) {
      ASSERT_TRUE(plain->Create("/secret/" + std::to_string(i), "old").ok());
    }
  }
  const auto store = Open({"one"});
  std::thread writer([&store] {
    for (int i = 199; i >= 0; --i) {
      EXPECT_TRUE(store->Update("/secret/" + std::to_string(i), "new", 0).ok());
    }
  });
  EXPECT_TRUE(store->Reseal(Context()).ok());
  writer.join();
  EXPECT_EQ(StaleValues(*store), 0u);
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(store->Get("/secret/" + std::to_string(i), 0)->record->value, "new");
  }
}

TEST_F(EncryptedStoreTest, TheToolsKnowSealedValues) {
  Open({"one"})->Create("/secret/a", kCanary).IgnoreError();
  std::ostringstream out;
  ASSERT_TRUE(DumpStore(path_, "", out).ok());
  EXPECT_THAT(out.str(),
              AllOf(HasSubstr("\"sealedBy\":{\"name\":\"one\""), Not(HasSubstr(kCanary))));
  out.str("");
  const Keyring keyring = Ring({"one"});
  ASSERT_TRUE(DumpStore(path_, "", out, &keyring).ok());
  EXPECT_THAT(out.str(), HasSubstr(kCanary));
  out.str("");
  const auto sound = CheckStore(path_, out, &keyring);
  ASSERT_TRUE(sound.ok());
  EXPECT_EQ(sound->problems, 0u);
  EXPECT_EQ(sound->sealed, 1u);
  const Keyring other = Ring({"two"});
  const auto wrong = CheckStore(path_, out, &other);
  ASSERT_TRUE(wrong.ok());
  EXPECT_EQ(wrong->problems, 1u);
  EXPECT_THAT(out.str(), HasSubstr("key \"one\""));
}

TEST(KeyringTest, TheFirstRuleThatFitsHolds) {
  Keyring keyring;
  keyring.AddRule("/core/secrets/", Key("one"));
  keyring.AddRule("/core/", nullptr);
  keyring.AddRule("/", Key("two"));
  EXPECT_EQ(keyring.KeyFor("/core/secrets/default/a")->id().name, "one");
  EXPECT_EQ(keyring.KeyFor("/core/configmaps/default/a"), nullptr);
  EXPECT_EQ(keyring.KeyFor("/gantry.dev/nodes//a")->id().name, "two");
  EXPECT_EQ(keyring.Prefixes(), std::vector<std::string>{"/"});
  EXPECT_EQ(keyring.keys().size(), 2u);
}

}  // namespace
}  // namespace gantry::store
