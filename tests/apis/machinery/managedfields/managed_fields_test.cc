#include "apis/machinery/managedfields/managed_fields.h"
#include "apis/machinery/managedfields/render.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "apis/machinery/managedfields/compare.h"
#include "apis/machinery/managedfields/field_set.h"

namespace gantry::managedfields {
namespace {

using schema::ListType;
using schema::MapType;
using schema::Node;

std::shared_ptr<Node> Object(
    std::map<std::string, std::shared_ptr<const Node>, std::less<>> p = {}) {
  auto node = std::make_shared<Node>();
  node->type = Node::Type::kObject;
  node->properties = std::move(p);
  return node;
}

std::shared_ptr<Node> List(ListType type, std::vector<std::string> keys = {},
                           std::shared_ptr<const Node> items = nullptr) {
  auto node = std::make_shared<Node>();
  node->type = Node::Type::kArray;
  node->list_type = type;
  node->list_map_keys = std::move(keys);
  node->items = std::move(items);
  return node;
}

std::shared_ptr<Node> Text(const char* fallback = nullptr) {
  auto node = std::make_shared<Node>();
  node->type = Node::Type::kString;
  if (fallback) node->default_value = fallback;
  return node;
}

// spec: containers (by name, with ports by containerPort and protocol), tags (a set), args
// (atomic), selector (an atomic map), extra (anything); status: conditions (by type).
const Node& Root() {
  static const std::shared_ptr<const Node> root = [] {
    auto selector = Object();
    selector->map_type = MapType::kAtomic;
    auto extra = Object();
    extra->preserve_unknown = true;
    const auto port = Object({{"protocol", Text("tcp")}});
    const auto container =
        Object({{"ports", List(ListType::kMap, {"containerPort", "protocol"}, port)},
                {"args", List(ListType::kAtomic)}});
    return Object({{"spec", Object({{"containers", List(ListType::kMap, {"name"}, container)},
                                    {"tags", List(ListType::kSet)},
                                    {"selector", selector},
                                    {"extra", extra}})},
                   {"status", Object({{"conditions", List(ListType::kMap, {"type"})}})}});
  }();
  return *root;
}

Json J(const char* text) {
  auto json = ParseJson(text);
  EXPECT_TRUE(json.ok()) << text;
  return json.ok() ? *json : Json();
}

Entry Who(const char* manager, int seconds, const char* subresource = "") {
  return {manager, "Update", "v1", subresource, WallTime(std::chrono::seconds(seconds)), nullptr};
}

std::string Fields(const ManagedFields& m, const std::string& manager) {
  for (const Entry& e : m.entries()) {
    if (e.manager == manager) return DumpJson(FieldsToJson(e.fields));
  }
  return "";
}

int64_t Time(const ManagedFields& m, const std::string& manager) {
  for (const Entry& e : m.entries()) {
    if (e.manager == manager)
      return std::chrono::duration_cast<std::chrono::seconds>(e.time.time_since_epoch()).count();
  }
  return -1;
}

TEST(ManagedFields, CreateOwnsEverythingByTheSchema) {
  struct Case {
    const char* object;
    const char* fields;
  };
  const Case cases[] = {
      // A ConfigMap, as kubectl create makes it.
      {R"({"apiVersion":"v1","kind":"ConfigMap","data":{"a":"1","b.c":"2"},
           "metadata":{"name":"x","namespace":"d","uid":"u","resourceVersion":"5",
           "creationTimestamp":"2026-01-01T00:00:00Z","labels":{"app":"x"},"generateName":"x-"}})",
       R"({"f:data":{".":{},"f:a":{},"f:b.c":{}},)"
       R"("f:metadata":{"f:generateName":{},"f:labels":{".":{},"f:app":{}}}})"},
      {R"({"metadata":{"finalizers":["b","a"],"ownerReferences":[{"uid":"u-1","name":"n","kind":"K"}],
           "annotations":{"k/a":"v"}}})",
       R"({"f:metadata":{"f:annotations":{".":{},"f:k/a":{}},)"
       R"("f:finalizers":{".":{},"v:\"a\"":{},"v:\"b\"":{}},)"
       R"("f:ownerReferences":{".":{},"k:{\"uid\":\"u-1\"}":{}}}})"},
      {R"({"spec":{"containers":[{"name":"web","image":"x","args":["a"],
           "ports":[{"containerPort":80,"protocol":"udp"},{"containerPort":80}]}]}})",
       R"({"f:spec":{".":{},"f:containers":{".":{},"k:{\"name\":\"web\"}":{".":{},"f:args":{},)"
       R"("f:image":{},"f:name":{},"f:ports":{".":{},)"
       R"("k:{\"containerPort\":80,\"protocol\":\"tcp\"}":{".":{},"f:containerPort":{}},)"
       R"("k:{\"containerPort\":80,\"protocol\":\"udp\"}":{".":{},"f:containerPort":{},)"
       R"("f:protocol":{}}}}}}})"},
      {R"({"spec":{"tags":["b","a"],"selector":{"a":"b"},"extra":{"x":{"y":[1,{"z":2}]},"n":null}}})",
       R"({"f:spec":{".":{},"f:extra":{".":{},"f:n":{},"f:x":{".":{},"f:y":{}}},"f:selector":{},)"
       R"("f:tags":{".":{},"v:\"a\"":{},"v:\"b\"":{}}}})"},
      // Empty maps and lists are leaves.
      {R"({"spec":{"tags":[],"extra":{}}})", R"({"f:spec":{".":{},"f:extra":{},"f:tags":{}}})"},
      // Items that cannot be told apart make their list a leaf.
      {R"({"spec":{"tags":["a","a"],"containers":[{"image":"x"}]}})",
       R"({"f:spec":{".":{},"f:containers":{},"f:tags":{}}})"},
  };
  for (const Case& c : cases) {
    ManagedFields m;
    m.TrackUpdate(Root(), nullptr, J(c.object), Who("kubectl", 100));
    ASSERT_EQ(m.entries().size(), 1u) << c.object;
    EXPECT_EQ(Fields(m, "kubectl"), c.fields) << c.object;
  }
}

TEST(ManagedFields, UpdatesTakeOver) {
  struct Case {
    const char* name;
    const char* before;
    const char* after;
    const char* first;   // what the creator is left with
    const char* second;  // what the updater has
  };
  const Case cases[] = {
      {"a changed value", R"({"data":{"a":"1","b":"1"}})", R"({"data":{"a":"2","b":"1"}})",
       R"({"f:data":{".":{},"f:b":{}}})", R"({"f:data":{"f:a":{}}})"},
      {"an added value", R"({"data":{"a":"1"}})", R"({"data":{"a":"1","b":"1"}})",
       R"({"f:data":{".":{},"f:a":{}}})", R"({"f:data":{"f:b":{}}})"},
      {"a removed value", R"({"data":{"a":"1","b":"1"}})", R"({"data":{"a":"1"}})",
       R"({"f:data":{".":{},"f:a":{}}})", ""},
      {"a removed map", R"({"data":{"a":"1"},"x":1})", R"({"x":1})", R"({"f:x":{}})", ""},
      {"the last value removed", R"({"data":{"a":"1"}})", R"({"data":{}})", R"({"f:data":{}})", ""},
      {"an empty map filled", R"({"data":{}})", R"({"data":{"a":"1"}})", R"({"f:data":{}})",
       R"({"f:data":{"f:a":{}}})"},
      {"a null replaced", R"({"data":null})", R"({"data":{"a":"1"}})", R"({"f:data":{}})",
       R"({"f:data":{"f:a":{}}})"},
      {"a map replaced by a text", R"({"data":{"a":"1"},"x":1})", R"({"data":"t","x":1})",
       R"({"f:x":{}})", R"({"f:data":{}})"},
      {"a text replaced by a map", R"({"data":"t","x":1})", R"({"data":{"a":"1"},"x":1})",
       R"({"f:x":{}})", R"({"f:data":{".":{},"f:a":{}}})"},
      {"an item's field", R"({"spec":{"containers":[{"name":"a","image":"1"},{"name":"b"}]}})",
       R"({"spec":{"containers":[{"name":"b"},{"name":"a","image":"2"}]}})",
       R"({"f:spec":{".":{},"f:containers":{".":{},"k:{\"name\":\"a\"}":{".":{},"f:name":{}},)"
       R"("k:{\"name\":\"b\"}":{".":{},"f:name":{}}}}})",
       R"({"f:spec":{"f:containers":{"k:{\"name\":\"a\"}":{"f:image":{}}}}})"},
      {"an item replaced", R"({"spec":{"containers":[{"name":"a"}],"tags":["x","y"]}})",
       R"({"spec":{"containers":[{"name":"b"}],"tags":["y","z"]}})",
       R"({"f:spec":{".":{},"f:containers":{},"f:tags":{".":{},"v:\"y\"":{}}}})",
       R"({"f:spec":{"f:containers":{"k:{\"name\":\"b\"}":{".":{},"f:name":{}}},)"
       R"("f:tags":{"v:\"z\"":{}}}})"},
      {"an atomic map", R"({"spec":{"selector":{"a":"1"}}})",
       R"({"spec":{"selector":{"a":"1","b":"1"}}})", R"({"f:spec":{}})",
       R"({"f:spec":{"f:selector":{}}})"},
      {"system metadata", R"({"metadata":{"generation":1,"labels":{"a":"b"}}})",
       R"({"metadata":{"generation":2,"resourceVersion":"7","labels":{"a":"b"},
           "managedFields":[{}],"deletionTimestamp":"x"}})",
       R"({"f:metadata":{"f:labels":{".":{},"f:a":{}}}})", ""},
  };
  for (const Case& c : cases) {
    ManagedFields m;
    const Json before = J(c.before);
    m.TrackUpdate(Root(), nullptr, before, Who("first", 100));
    m.TrackUpdate(Root(), &before, J(c.after), Who("second", 200));
    EXPECT_EQ(Fields(m, "first"), c.first) << c.name;
    EXPECT_EQ(Fields(m, "second"), c.second) << c.name;
  }
}

TEST(ManagedFields, TimesAndNoOps) {
  ManagedFields m;
  const Json one = J(R"({"data":{"a":"1","b":"1"}})");
  const Json two = J(R"({"data":{"a":"1","b":"2"}})");
  m.TrackUpdate(Root(), nullptr, one, Who("first", 100));
  const std::string bytes = m.Encode();
  m.TrackUpdate(Root(), &one, one, Who("first", 150));
  m.TrackUpdate(Root(), &one, one, Who("other", 150));
  EXPECT_EQ(m.Encode(), bytes);
  m.TrackUpdate(Root(), &one, two, Who("other", 200));
  EXPECT_EQ(Time(m, "first"), 100);  // losing a field is no act of its own
  EXPECT_EQ(Time(m, "other"), 200);
  m.TrackUpdate(Root(), &two, one, Who("other", 300));
  EXPECT_EQ(Time(m, "other"), 300);
  EXPECT_EQ(Fields(m, "other"), R"({"f:data":{"f:b":{}}})");
  const Json three = J(R"({"data":{"b":"1"}})");
  m.TrackUpdate(Root(), &one, three, Who("other", 400));
  EXPECT_EQ(Time(m, "other"), 300);  // it took nothing of its own away
  EXPECT_EQ(Fields(m, "first"), R"({"f:data":{}})");
}

TEST(ManagedFields, UnchangedSetsAreShared) {
  ManagedFields m;
  const Json spec = J(R"({"spec":{"tags":["a"]}})");
  m.TrackUpdate(Root(), nullptr, spec, Who("user", 100));
  const FieldSetPtr user = m.entries()[0].fields;
  Json status = spec;
  status["status"]["conditions"] = J(R"([{"type":"Ready","status":"False"}])");
  m.TrackUpdate(Root(), &spec, status, Who("controller", 200, "status"));
  Json ready = status;
  ready["status"]["conditions"][0]["status"] = "True";
  const ManagedFields copy = m;
  m.TrackUpdate(Root(), &status, ready, Who("controller", 300, "status"));
  ASSERT_EQ(m.entries().size(), 2u);
  EXPECT_EQ(m.entries()[0].fields, user);
  EXPECT_EQ(m.entries()[1].fields, copy.entries()[1].fields);
  EXPECT_EQ(Time(copy, "controller"), 200);
  EXPECT_EQ(Time(m, "controller"), 300);
}

TEST(ManagedFields, SubresourcesAndVersionsAreDifferentWriters) {
  ManagedFields m;
  const Json one = J(R"({"spec":{"extra":{"a":1}}})");
  const Json two = J(R"({"spec":{"extra":{"a":1,"b":1}}})");
  const Json three = J(R"({"spec":{"extra":{"a":1,"b":1,"c":1}}})");
  m.TrackUpdate(Root(), nullptr, one, Who("x", 100));
  m.TrackUpdate(Root(), &one, two, Who("x", 100, "status"));
  Entry v2 = Who("x", 100);
  v2.api_version = "v2";
  m.TrackUpdate(Root(), &two, three, v2);
  ASSERT_EQ(m.entries().size(), 3u);
  EXPECT_EQ(m.entries()[0].subresource, "");
  EXPECT_EQ(m.entries()[1].subresource, "status");
  EXPECT_EQ(m.entries()[2].api_version, "v2");
}

TEST(ManagedFields, OldUpdatersAreMerged) {
  ManagedFields m;
  Json object = Json::object();
  m.TrackUpdate(Root(), nullptr, object, Who("nobody", 1));
  EXPECT_TRUE(m.entries().empty());
  for (int i = 0; i < 13; ++i) {
    Json next = object;
    next["data"]["k" + std::to_string(i)] = i;
    m.TrackUpdate(Root(), &object, next, Who(("m" + std::to_string(i)).c_str(), 100 + i));
    object = next;
  }
  ASSERT_EQ(m.entries().size(), 10u);
  EXPECT_EQ(m.entries()[0].manager, "ancient-changes");
  EXPECT_EQ(Fields(m, "ancient-changes"),
            R"({"f:data":{".":{},"f:k0":{},"f:k1":{},"f:k2":{},"f:k3":{}}})");
  EXPECT_EQ(Time(m, "ancient-changes"), 103);
  EXPECT_EQ(m.entries()[9].manager, "m12");
}

TEST(ManagedFields, Json) {
  const char* text =
      R"([{"apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:data":{"f:a":{}}},)"
      R"("manager":"argo","operation":"Apply","time":"2026-11-21T11:00:00Z"},)"
      R"({"apiVersion":"gantry.dev/v1","fieldsType":"FieldsV1",)"
      R"("fieldsV1":{"f:status":{".":{},"f:phase":{}}},"manager":"gantry \"x\"","operation":"Update",)"
      R"("subresource":"status","time":"2026-11-21T10:00:00Z"}])";
  const auto m = ManagedFields::FromJson(J(text));
  ASSERT_TRUE(m.ok()) << m.error().message;
  EXPECT_EQ(DumpJson(m->ToJson()), text);
  EXPECT_EQ(m->ToJsonText(), text);
  const auto decoded = ManagedFields::Decode(m->Encode());
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->ToJsonText(), text);
  EXPECT_EQ(ManagedFields().ToJsonText(), "[]");
  EXPECT_EQ(ManagedFields().Encode(), "");
  EXPECT_TRUE(ManagedFields::Decode("")->entries().empty());
}

TEST(ManagedFields, MalformedJson) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({})", "metadata.managedFields: must be a list"},
      {R"([1])", "metadata.managedFields[0]: must be an object"},
      {R"([{"operation":"Patch","apiVersion":"v1","fieldsType":"FieldsV1"}])",
       "metadata.managedFields[0].operation: must be Apply or Update"},
      {R"([{"operation":"Update","fieldsType":"FieldsV1"}])",
       "metadata.managedFields[0].apiVersion: must not be empty"},
      {R"([{"operation":"Update","apiVersion":"v1"}])",
       "metadata.managedFields[0].fieldsType: must be FieldsV1"},
      {R"([{"operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1","manager":1}])",
       "metadata.managedFields[0].manager: must be a string"},
      {R"([{"operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1","time":"now"}])",
       "metadata.managedFields[0].time: must be an RFC 3339 time between the years 1678 and 2261"},
      {R"([{"operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1",
            "time":"0001-01-01T00:00:00Z"}])",
       "metadata.managedFields[0].time: must be an RFC 3339 time between the years 1678 and 2261"},
      {R"([{"operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"a":{}}}])",
       "metadata.managedFields[0].fieldsV1: \"a\" begins with none of f:, k:, v:, i:"},
      {R"([{"operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:a":{}}},
           {"operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:b":{}}}])",
       "metadata.managedFields[1]: repeats the writer of an earlier entry"},
  };
  for (const auto& [text, message] : cases) {
    const auto m = ManagedFields::FromJson(J(text));
    ASSERT_FALSE(m.ok()) << text;
    EXPECT_EQ(m.code(), Code::kBadRequest);
    EXPECT_EQ(m.error().message, message);
  }
}

TEST(ManagedFields, DamagedBytesAreDataLoss) {
  ManagedFields m;
  m.TrackUpdate(Root(), nullptr, J(R"({"spec":{"tags":["a"]},"data":{"k":"v"}})"), Who("x", 100));
  const std::string bytes = m.Encode();
  for (size_t n = 1; n < bytes.size(); ++n)
    EXPECT_EQ(ManagedFields::Decode(bytes.substr(0, n)).code(), Code::kDataLoss) << n;
  EXPECT_EQ(ManagedFields::Decode(bytes + "x").code(), Code::kDataLoss);
  EXPECT_EQ(ManagedFields::Decode("\x02").code(), Code::kDataLoss);
}

// Objects at random, in the shape of Root.
class RandomObjects {
 public:
  explicit RandomObjects(uint32_t seed) : random_(seed) {}

  Json Next() {
    Json object = Json::object();
    if (Chance()) object["metadata"]["labels"] = Map(1);
    if (Chance()) object["metadata"]["finalizers"] = Set();
    if (Chance()) object["data"] = Map(2);
    if (Chance()) object["spec"]["tags"] = Set();
    if (Chance()) object["spec"]["selector"] = Map(1);
    if (Chance()) object["spec"]["extra"] = Map(3);
    if (Chance()) {
      Json list = Json::array();
      for (const char* name : {"a", "b", "c"}) {
        if (!Chance()) continue;
        Json item = Map(2);
        item["name"] = name;
        list.push_back(item);
      }
      object["spec"]["containers"] = list;
    }
    return object;
  }

 private:
  bool Chance() { return random_() % 2 == 0; }
  Json Set() {
    Json set = Json::array();
    for (const char* v : {"x", "y", "z"}) {
      if (Chance()) set.push_back(v);
    }
    return set;
  }
  Json Map(int depth) {
    Json map = Json::object();
    for (const char* key : {"p", "q", "r"}) {
      if (!Chance()) continue;
      switch (random_() % (depth > 0 ? 5 : 3)) {
        case 0: map[key] = random_() % 3; break;
        case 1: map[key] = nullptr; break;
        case 2: map[key] = Set(); break;
        default: map[key] = Map(depth - 1);
      }
    }
    return map;
  }

  std::mt19937 random_;
};

std::set<std::vector<std::string>> Owned(const ManagedFields& m) {
  std::set<std::vector<std::string>> out;
  for (const Entry& e : m.entries()) {
    for (auto& path : Paths(e.fields)) EXPECT_TRUE(out.insert(path).second) << "two owners";
  }
  return out;
}

TEST(ManagedFields, EveryFieldHasExactlyOneOwner) {
  for (uint32_t seed = 0; seed < 60; ++seed) {
    RandomObjects objects(seed);
    ManagedFields m;
    Json before = objects.Next();
    m.TrackUpdate(Root(), nullptr, before, Who("m0", 100));
    for (int i = 1; i < 15; ++i) {
      const Json after = objects.Next();
      m.TrackUpdate(Root(), &before, after, Who(("m" + std::to_string(i % 4)).c_str(), 100 + i));
      const auto all = Paths(AllFields(Root(), after));
      ASSERT_EQ(Owned(m), std::set<std::vector<std::string>>(all.begin(), all.end()))
          << before << " -> " << after;
      const std::string bytes = m.Encode();
      m.TrackUpdate(Root(), &after, after, Who("idle", 1000));
      EXPECT_EQ(m.Encode(), bytes);
      const auto decoded = ManagedFields::Decode(bytes);
      ASSERT_TRUE(decoded.ok());
      EXPECT_EQ(decoded->ToJson(), m.ToJson());
      EXPECT_EQ(ManagedFields::FromJson(m.ToJson())->Encode(), bytes);
      EXPECT_EQ(DumpJson(m.ToJson()), m.ToJsonText());
      std::string rendered = "before ";
      ASSERT_TRUE(AppendEncodedAsJson(bytes, &rendered).ok());
      EXPECT_EQ(rendered, "before " + (bytes.empty() ? "" : m.ToJsonText()));
      for (size_t cut = 1; cut < bytes.size(); cut += 9) {
        std::string nothing;
        EXPECT_FALSE(AppendEncodedAsJson(bytes.substr(0, cut), &nothing).ok());
        EXPECT_EQ(nothing, "");
      }
      before = after;
    }
  }
}

}  // namespace
}  // namespace gantry::managedfields
