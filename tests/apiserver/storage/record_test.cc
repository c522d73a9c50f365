#include "apiserver/storage/record.h"

#include <gtest/gtest.h>

#include "apiserver/storage/entry.h"
#include "apiserver/storage/keys.h"

namespace gantry::apiserver {
namespace {

Json Sample() {
  return Json::parse(R"({"apiVersion":"v1","kind":"ConfigMap",
    "metadata":{"name":"a","namespace":"default","uid":"u-1","generation":7,
                "labels":{"app":"web","tier":""},"deletionTimestamp":"2026-01-01T00:00:00Z",
                "resourceVersion":"999","managedFields":[{"manager":"x"}]},
    "data":{"k":"v"}})");
}

TEST(Record, HeaderSaysWhatSelectorsNeed) {
  RecordInput input;
  input.version = "v1";
  input.epoch = 0x1122334455667788u;
  input.fields = {{"spec.nodeName", "host-1"}};
  input.managed = "opaque";
  const std::string record = EncodeRecord(Sample(), input);
  const Result<RecordHeader> header = DecodeHeader(record);
  ASSERT_TRUE(header.ok());
  EXPECT_TRUE(header->deleting);
  EXPECT_EQ(header->version, "v1");
  EXPECT_EQ(header->epoch, 0x1122334455667788u);
  EXPECT_EQ(header->uid, "u-1");
  EXPECT_EQ(header->generation, 7);
  EXPECT_EQ(header->managed, "opaque");
  std::string_view value;
  EXPECT_TRUE(header->labels.Find("app", &value));
  EXPECT_EQ(value, "web");
  EXPECT_TRUE(header->labels.Find("tier", &value));
  EXPECT_EQ(value, "");
  EXPECT_FALSE(header->labels.Find("none", &value));
  EXPECT_TRUE(header->fields.Find("spec.nodeName", &value));
  EXPECT_EQ(value, "host-1");
}

TEST(Record, WireFormHasRevisionAndManagedFieldsOnce) {
  static const ManagedRenderer render = [](std::string_view managed) {
    return managed.empty() ? std::string() : R"([{"manager":")" + std::string(managed) + "\"}]";
  };
  for (const char* managed : {"", "me"}) {
    RecordInput input;
    input.managed = managed;
    const std::string record = EncodeRecord(Sample(), input);
    const EntryPtr entry = *Entry::Make("default/a", record, 42, &render);
    Json want = Sample();
    want["metadata"]["resourceVersion"] = "42";
    want["metadata"].erase("managedFields");
    EXPECT_EQ(*entry->Decode(), want);
    Json wire = want;
    if (*managed != '\0') wire["metadata"]["managedFields"] = {{{"manager", managed}}};
    std::string once = "[";
    entry->AppendWire(&once);
    EXPECT_EQ(Json::parse(once + "]"), Json::array({wire}));
    EXPECT_EQ(Json::parse(*entry->Wire()), wire);
    std::string again = "[";
    entry->AppendWire(&again);
    EXPECT_EQ(again, once) << "of the form that is kept";
    EXPECT_EQ(entry->version(), entry->header().version);
    EXPECT_EQ(entry->Wire(), entry->Wire()) << "made once";
    EXPECT_EQ(*entry->Decode(), want) << "also when the wire form replaced the stored one";
    EXPECT_EQ(entry->Record(), record);
    EXPECT_EQ(Json::parse(*entry->At(50)->Wire())["metadata"]["resourceVersion"], "50");
  }
}

TEST(Record, BrokenBytesAreDataLoss) {
  const std::string record = EncodeRecord(Sample(), {});
  const size_t header = DecodeHeader(record)->size;
  for (size_t n = 0; n < header; ++n) {
    EXPECT_FALSE(Entry::Make("a", record.substr(0, n), 1, nullptr).ok()) << n;
  }
  EXPECT_EQ(DecodeHeader("something else").code(), Code::kDataLoss);
}

TEST(Keys, RoundTrip) {
  struct Case {
    GroupResource resource;
    ObjectKey key;
    const char* text;
  };
  for (const Case& c : {Case{{"", "secrets"}, {"default", "a"}, "/core/secrets/default/a"},
                        Case{{"gantry.dev", "nodes"}, {"", "h"}, "/gantry.dev/nodes//h"}}) {
    const std::string key = ResourcePrefix(c.resource) + RelativeKey(c.key);
    EXPECT_EQ(key, c.text);
    GroupResource resource;
    std::string_view relative;
    ASSERT_TRUE(SplitStoreKey(key, &resource, &relative));
    EXPECT_EQ(resource, c.resource);
    EXPECT_EQ(ParseRelativeKey(relative), c.key);
  }
  GroupResource resource;
  std::string_view relative;
  for (const char* bad : {"", "x", "/a", "/a/b", "/a/b/c"}) {
    EXPECT_FALSE(SplitStoreKey(bad, &resource, &relative)) << bad;
  }
}

}  // namespace
}  // namespace gantry::apiserver
