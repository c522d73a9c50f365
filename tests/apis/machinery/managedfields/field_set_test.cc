#include "apis/machinery/managedfields/field_set.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace gantry::managedfields {
namespace {

using Path = std::vector<std::string>;
using PathSet = std::set<Path>;

FieldSetPtr Build(const PathSet& paths, size_t depth = 0) {
  std::vector<FieldSet::Child> children;
  for (auto it = paths.begin(); it != paths.end();) {
    FieldSet::Child child{(*it)[depth], false, nullptr};
    PathSet below;
    for (; it != paths.end() && (*it)[depth] == child.element; ++it) {
      if (it->size() == depth + 1) child.member = true;
      else below.insert(*it);
    }
    child.below = Build(below, depth + 1);
    children.push_back(std::move(child));
  }
  return FieldSet::MakePruned(std::move(children));
}

PathSet ToPathSet(const FieldSetPtr& set) {
  PathSet out;
  for (Path& p : Paths(set)) out.insert(std::move(p));
  return out;
}

PathSet RandomPaths(std::mt19937* random) {
  PathSet out;
  for (size_t n = (*random)() % 12; n > 0; --n) {
    Path path;
    for (size_t depth = 1 + (*random)() % 4; depth > 0; --depth)
      path.push_back("f:" + std::string(1, static_cast<char>('a' + (*random)() % 3)));
    out.insert(path);
  }
  return out;
}

bool Continues(const Path& path, const Path& prefix) {
  return path.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), path.begin());
}

TEST(FieldSet, OperationsAreThoseOfSets) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    const PathSet a = RandomPaths(&random), b = RandomPaths(&random);
    PathSet both = a, common, rest, rest_recursive;
    both.insert(b.begin(), b.end());
    for (const Path& p : a) {
      (b.count(p) ? common : rest).insert(p);
      const bool covered = std::any_of(b.begin(), b.end(),
                                       [&p](const Path& prefix) { return Continues(p, prefix); });
      if (!covered) rest_recursive.insert(p);
    }
    const FieldSetPtr sa = Build(a), sb = Build(b);
    EXPECT_EQ(ToPathSet(sa), a);
    EXPECT_EQ(ToPathSet(Union(sa, sb)), both);
    EXPECT_EQ(ToPathSet(Intersection(sa, sb)), common);
    EXPECT_EQ(ToPathSet(Difference(sa, sb)), rest);
    EXPECT_EQ(ToPathSet(RecursiveDifference(sa, sb)), rest_recursive);
    EXPECT_EQ(Equal(sa, sb), a == b);
    for (const Path& p : both) EXPECT_EQ(Contains(sa, p), a.count(p) > 0);
    // What equals the first argument is the first argument.
    EXPECT_EQ(Union(sa, Intersection(sa, sb)), sa);
    EXPECT_EQ(Difference(sa, sb) == sa, common.empty());

    std::string bytes;
    EncodeFields(sa, &bytes);
    std::string_view rest_bytes = bytes;
    const auto decoded = DecodeFields(&rest_bytes);
    ASSERT_TRUE(decoded.ok());
    EXPECT_TRUE(rest_bytes.empty());
    EXPECT_TRUE(Equal(*decoded, sa));

    const auto parsed = FieldsFromJson(FieldsToJson(sa));
    ASSERT_TRUE(parsed.ok());
    EXPECT_TRUE(Equal(*parsed, sa));
    std::string text;
    AppendFieldsJson(sa, &text);
    EXPECT_EQ(text, DumpJson(FieldsToJson(sa)));
  }
}

TEST(FieldSet, FieldsV1) {
  const char* text =
      R"({"f:metadata":{"f:labels":{".":{},"f:app":{}}},)"
      R"("f:spec":{"f:ports":{".":{},"k:{\"containerPort\":80,\"protocol\":\"tcp\"}":{".":{},)"
      R"("f:protocol":{}}},"f:tags":{"v:\"x\\n\"":{}}}})";
  const auto set = FieldsFromJson(*ParseJson(text));
  ASSERT_TRUE(set.ok()) << set.error().message;
  EXPECT_TRUE(Contains(*set, {"f:metadata", "f:labels"}));
  EXPECT_FALSE(Contains(*set, {"f:metadata"}));
  EXPECT_TRUE(Contains(*set, {"f:spec", "f:tags", "v:\"x\\n\""}));
  EXPECT_EQ(DumpJson(FieldsToJson(*set)), text);
  std::string out;
  AppendFieldsJson(*set, &out);
  EXPECT_EQ(out, text);
  EXPECT_EQ(DumpJson(FieldsToJson(nullptr)), "{}");
}

TEST(FieldSet, ElementsBecomeCanonical) {
  const auto set = FieldsFromJson(*ParseJson(R"({"k:{\"b\": 1, \"a\": \"x\"}":{}})"));
  ASSERT_TRUE(set.ok());
  EXPECT_TRUE(Contains(*set, {R"(k:{"a":"x","b":1})"}));
}

TEST(FieldSet, MalformedFieldsV1) {
  for (const char* text :
       {"[]", "1", R"({"x":{}})", R"({"f:a":1})", R"({"k:[1]":{}})", R"({"k:{":{}})",
        R"({"v:x":{}})", R"({"i:x":{}})", R"({"f:a":{"f:b":[]}})", R"({"v:1":{},"v: 1":{}})"}) {
    const auto set = FieldsFromJson(*ParseJson(text));
    ASSERT_FALSE(set.ok()) << text;
    EXPECT_EQ(set.code(), Code::kBadRequest) << text;
  }
}

TEST(FieldSet, DamagedBytesNeverCrash) {
  std::mt19937 random(3);
  std::string bytes;
  EncodeFields(Build({{"f:spec"}, {"f:spec", "f:a"}, {"f:status", "f:conditions", "v:1"}}), &bytes);
  for (size_t n = 0; n < bytes.size(); ++n) {
    std::string_view cut = std::string_view(bytes).substr(0, n);
    EXPECT_EQ(DecodeFields(&cut).code(), Code::kDataLoss) << n;
  }
  for (int round = 0; round < 5000; ++round) {
    std::string damaged = bytes;
    damaged[random() % damaged.size()] = static_cast<char>(random());
    std::string_view view = damaged;
    DecodeFields(&view).IgnoreError();
  }
  std::string deep;
  for (int i = 0; i < 100000; ++i)
    deep += std::string(
        "\x01\x02\x01"
        "a",
        4);
  std::string_view view = deep;
  EXPECT_EQ(DecodeFields(&view).code(), Code::kDataLoss);
}

}  // namespace
}  // namespace gantry::managedfields
