#include "apiserver/storage/tree.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace gantry::apiserver {
namespace {

EntryPtr MakeEntry(const std::string& key, store::Revision revision) {
  const Json object = {{"metadata", {{"name", key}}}};
  return *Entry::Make(key, EncodeRecord(object, {}), revision, nullptr);
}

std::map<std::string, store::Revision> Contents(const Tree& tree, const std::string& from = "") {
  std::map<std::string, store::Revision> all;
  std::string last;
  for (Tree::Iterator it(tree, from); it.Valid(); it.Next()) {
    EXPECT_TRUE(all.empty() || last < it.entry()->key());
    last = it.entry()->key();
    all[last] = it.entry()->revision();
  }
  return all;
}

TEST(Tree, BehavesAsAMapAndSnapshotsStay) {
  std::mt19937 random(7);
  std::map<std::string, store::Revision> model;
  Tree tree;
  std::vector<std::pair<Tree, std::map<std::string, store::Revision>>> snapshots;
  for (store::Revision revision = 1; revision <= 3000; ++revision) {
    const std::string key = "k" + std::to_string(random() % 300);
    if (random() % 3 == 0) {
      model.erase(key);
      tree = tree.Without(key);
    } else {
      model[key] = revision;
      tree = tree.With(MakeEntry(key, revision));
    }
    ASSERT_EQ(tree.size(), model.size());
    if (revision % 500 == 0) snapshots.emplace_back(tree, model);
  }
  for (const auto& [snapshot, contents] : snapshots) EXPECT_EQ(Contents(snapshot), contents);
  for (const auto& [key, revision] : model) {
    ASSERT_NE(tree.Find(key), nullptr);
    EXPECT_EQ(tree.Find(key)->revision(), revision);
    const auto before = static_cast<size_t>(std::distance(model.begin(), model.find(key)));
    EXPECT_EQ(tree.Rank(key), before);
    EXPECT_EQ(Contents(tree, key).size(), model.size() - before);
  }
  EXPECT_EQ(tree.Find("absent"), nullptr);
}

TEST(Tree, FromSorted) {
  std::vector<EntryPtr> entries;
  for (int i = 1000; i < 1777; ++i) entries.push_back(MakeEntry(std::to_string(i), i));
  const Tree tree = Tree::FromSorted(entries);
  EXPECT_EQ(tree.size(), entries.size());
  EXPECT_EQ(Contents(tree).size(), entries.size());
  EXPECT_EQ(tree.Find("1500")->revision(), 1500);
  EXPECT_EQ(Tree::FromSorted({}).size(), 0u);
}

}  // namespace
}  // namespace gantry::apiserver
