#include "apis/machinery/managedfields/apply.h"

#include <gtest/gtest.h>

#include "apis/machinery/managedfields/field_set.h"
#include "apis/machinery/managedfields/structure.h"
#include "apis/machinery/meta/object.h"

namespace gantry::managedfields {
namespace {

Json Doc(const std::string& text) {
  auto json = ParseJson(text);
  EXPECT_TRUE(json.ok()) << text;
  return json.ok() ? *json : Json();
}

// spec: n, text, nested {a, b}; labels (any names), items (by name; ports by port and protocol, the
// latter with a default), tags (a set), args (atomic), selector (atomic), free (anything), map of
// maps; status.
const schema::Schema& Kind() {
  static const auto* const kind = [] {
    auto compiled = schema::Schema::Compile(Doc(R"({"type":"object","properties":{
      "data":{"type":"object","additionalProperties":{"type":"string"}},
      "spec":{"type":"object","properties":{
        "n":{"type":"integer"},"text":{"type":"string"},
        "nested":{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}}},
        "items":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],
          "items":{"type":"object","required":["name"],"properties":{"name":{"type":"string"},
            "image":{"type":"string"},"level":{"type":"integer"},
            "ports":{"type":"array","x-kubernetes-list-type":"map",
              "x-kubernetes-list-map-keys":["port","protocol"],"items":{"type":"object",
              "required":["port"],"properties":{"port":{"type":"integer"},
              "protocol":{"type":"string","default":"tcp"},"note":{"type":"string"}}}}}}},
        "tags":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}},
        "args":{"type":"array","items":{"type":"string"}},
        "selector":{"type":"object","x-kubernetes-map-type":"atomic",
          "additionalProperties":{"type":"string"}},
        "free":{"type":"object","x-kubernetes-preserve-unknown-fields":true},
        "groups":{"type":"object","additionalProperties":{"type":"object",
          "properties":{"x":{"type":"string"},"y":{"type":"string"}}}}}},
      "status":{"type":"object","properties":{"phase":{"type":"string"}}}}})"),
                                            "schema");
    EXPECT_TRUE(compiled.ok()) << (compiled.ok() ? "" : compiled.error().message);
    return new std::shared_ptr<const schema::Schema>(*compiled);
  }();
  return **kind;
}

// Version v1 and others, which have the same schema. In `moved`, spec.text stands at
// spec.free.text.
class TestVersions : public Versions {
 public:
  std::string gone;

  const schema::Node* Root(std::string_view api_version) const override {
    return api_version == gone ? nullptr : &Kind().root();
  }
  Result<Json> Convert(const Json& object, std::string_view api_version) const override {
    if (gone == "broken") return Error(Code::kInternal, "the webhook fails");
    const Json::json_pointer text("/spec/text"), moved("/spec/free/text");
    const bool is_moved = GetString(object, "apiVersion") == "moved";
    Json out = object;
    if (object.contains("apiVersion")) out["apiVersion"] = api_version;
    if (api_version == "moved" && !is_moved) Move(text, moved, &out);
    if (api_version != "moved" && is_moved) Move(moved, text, &out);
    return out;
  }

 private:
  static void Move(const Json::json_pointer& from, const Json::json_pointer& to, Json* object) {
    if (!object->contains(from)) return;
    (*object)[to] = (*object)[from];
    Json& parent = (*object)[from.parent_pointer()];
    parent.erase(from.back());
    if (parent.empty() && from.parent_pointer().back() == "free") (*object)["spec"].erase("free");
  }
};

// An object, the writers of its fields, and the time: each act takes a second.
class Story {
 public:
  // What a create or an update does: `object` is what it is to be then.
  Story& Update(const std::string& manager, const std::string& object,
                const std::string& subresource = "") {
    const Json after = Doc(object);
    managed_.TrackUpdate(Kind().root(), live_.is_null() ? nullptr : &live_, after,
                         Who(manager, subresource));
    live_ = after;
    return *this;
  }
  Story& UpdateIn(const std::string& api_version, const std::string& manager,
                  const std::string& object) {
    const Json after = Doc(object);
    EXPECT_TRUE(Read(after).ok());
    Entry who = Who(manager, "");
    who.api_version = api_version;
    managed_.TrackUpdate(Kind().root(), &live_, after, who, &versions_);
    live_ = after;
    return *this;
  }
  Story& Apply(const std::string& manager, const std::string& config, bool force = false) {
    const Status done = Try(manager, config, force);
    EXPECT_TRUE(done.ok()) << done.error().message;
    return *this;
  }
  Status Try(const std::string& manager, const std::string& config, bool force = false,
             const std::string& api_version = "v1") {
    const Json body = Doc(config);
    Entry who = Who(manager, "");
    who.api_version = api_version;
    GANTRY_TRY(Read(body));
    const ApplyRequest request{body, who, force, &versions_};
    Result<Applied> applied =
        managedfields::Apply(Kind().root(), live_.is_null() ? nullptr : &live_, managed_, request);
    if (!applied.ok()) return applied.error();
    live_ = applied->object;
    managed_ = applied->managed;
    return OkStatus();
  }
  Story& Forget() {
    managed_ = ManagedFields();
    return *this;
  }
  Story& Retire(const std::string& api_version) {
    versions_.gone = api_version;
    return *this;
  }

  std::string live() const { return DumpJson(live_); }
  std::string Fields(const std::string& manager) const {
    for (const Entry& e : managed_.entries()) {
      if (e.manager == manager) return DumpJson(FieldsToJson(e.fields));
    }
    return "";
  }
  int64_t Time(const std::string& manager) const {
    for (const Entry& e : managed_.entries()) {
      if (e.manager == manager) {
        return std::chrono::duration_cast<std::chrono::seconds>(e.time.time_since_epoch()).count();
      }
    }
    return -1;
  }
  const ManagedFields& managed() const { return managed_; }

 private:
  // Brings the object into the version of what is written.
  Status Read(const Json& written) {
    const std::string version = GetString(written, "apiVersion");
    if (live_.is_null() || version.empty() || version == GetString(live_, "apiVersion"))
      return OkStatus();
    GANTRY_TRY_SET(live_, versions_.Convert(live_, version));
    return OkStatus();
  }
  Entry Who(const std::string& manager, const std::string& subresource) {
    return {manager, "Update", "v1", subresource, WallTime(std::chrono::seconds(++clock_)),
            nullptr};
  }

  Json live_;
  ManagedFields managed_;
  TestVersions versions_;
  int clock_ = 0;
};

TEST(Apply, StatesFieldsBySchema) {
  struct Case {
    const char* what;
    const char* config;
    const char* fields;
  };
  const Case cases[] = {
      {"named members are nobody's own", R"({"spec":{"n":1,"nested":{"a":"x"}}})",
       R"({"f:spec":{"f:n":{},"f:nested":{"f:a":{}}}})"},
      {"members of any name are", R"({"data":{"a":"1"},"spec":{"groups":{"g":{"x":"1"}}}})",
       R"({"f:data":{"f:a":{}},"f:spec":{"f:groups":{"f:g":{".":{},"f:x":{}}}}})"},
      {"items are", R"({"spec":{"items":[{"name":"a","image":"i"}],"tags":["t"]}})",
       R"({"f:spec":{"f:items":{"k:{\"name\":\"a\"}":{".":{},"f:image":{},"f:name":{}}},)"
       R"("f:tags":{"v:\"t\"":{}}}})"},
      {"a key that is left out counts with its default",
       R"({"spec":{"items":[{"name":"a","ports":[{"port":1}]}]}})",
       R"({"f:spec":{"f:items":{"k:{\"name\":\"a\"}":{".":{},"f:name":{},"f:ports":{)"
       R"("k:{\"port\":1,\"protocol\":\"tcp\"}":{".":{},"f:port":{}}}}}}})"},
      {"atomic, empty and null ones are whole",
       R"({"spec":{"args":["a"],"selector":{"a":"b"},"nested":{},"tags":[],"text":null}})",
       R"({"f:spec":{"f:args":{},"f:nested":{},"f:selector":{},"f:tags":{},"f:text":{}}})"},
      {"what the schema leaves open", R"({"spec":{"free":{"x":{"y":[1],"z":2}}}})",
       R"({"f:spec":{"f:free":{"f:x":{".":{},"f:y":{},"f:z":{}}}}})"},
      {"the system's part of metadata is nobody's",
       R"({"apiVersion":"v1","kind":"K","metadata":{"name":"n","namespace":"d","uid":"u",
           "creationTimestamp":null,"labels":{"a":"b"},"finalizers":["x"],
           "ownerReferences":[{"uid":"u","name":"o"}]}})",
       R"({"f:metadata":{"f:finalizers":{"v:\"x\"":{}},"f:labels":{"f:a":{}},)"
       R"("f:ownerReferences":{"k:{\"uid\":\"u\"}":{}}}})"},
  };
  for (const Case& c : cases) {
    Story s;
    s.Apply("m", c.config);
    EXPECT_EQ(s.Fields("m"), c.fields) << c.what;
    EXPECT_EQ(s.managed().entries()[0].operation, "Apply");
    EXPECT_EQ(s.live(), DumpJson(Doc(c.config))) << c.what;
  }
}

TEST(Apply, Merges) {
  struct Case {
    const char* what;
    const char* live;
    const char* config;
    const char* result;
  };
  const Case cases[] = {
      {"maps", R"({"data":{"a":"1"}})", R"({"data":{"b":"2"}})", R"({"data":{"a":"1","b":"2"}})"},
      {"nested maps", R"({"spec":{"n":1,"nested":{"a":"x"}}})", R"({"spec":{"nested":{"b":"y"}}})",
       R"({"spec":{"n":1,"nested":{"a":"x","b":"y"}}})"},
      {"items by key", R"({"spec":{"items":[{"name":"a","image":"1"},{"name":"b","image":"1"}]}})",
       R"({"spec":{"items":[{"name":"b","level":2}]}})",
       R"({"spec":{"items":[{"image":"1","name":"a"},{"image":"1","level":2,"name":"b"}]}})"},
      {"items by keys with a default",
       R"({"spec":{"items":[{"name":"a","ports":[{"port":1,"protocol":"tcp"},{"port":1,"protocol":"udp"}]}]}})",
       R"({"spec":{"items":[{"name":"a","ports":[{"port":1,"note":"x"}]}]}})",
       R"({"spec":{"items":[{"name":"a","ports":[{"note":"x","port":1,"protocol":"tcp"},{"port":1,"protocol":"udp"}]}]}})"},
      {"sets", R"({"spec":{"tags":["a","b"]}})", R"({"spec":{"tags":["c","a"]}})",
       R"({"spec":{"tags":["c","a","b"]}})"},
      {"the configuration's order wins", R"({"spec":{"tags":["a","b","x"]}})",
       R"({"spec":{"tags":["b","a","n"]}})", R"({"spec":{"tags":["b","x","a","n"]}})"},
      {"what is new stands beside its neighbours", R"({"spec":{"tags":["a","x","b"]}})",
       R"({"spec":{"tags":["a","n","b"]}})", R"({"spec":{"tags":["a","x","n","b"]}})"},
      {"an atomic map as a whole", R"({"spec":{"selector":{"a":"1"}}})",
       R"({"spec":{"selector":{"b":"1"}}})", R"({"spec":{"selector":{"b":"1"}}})"},
      {"an atomic list as a whole", R"({"spec":{"args":["a","b"]}})", R"({"spec":{"args":["c"]}})",
       R"({"spec":{"args":["c"]}})"},
      {"maps of what the schema leaves open", R"({"spec":{"free":{"x":{"a":1},"l":[1]}}})",
       R"({"spec":{"free":{"x":{"b":1},"l":[2]}}})",
       R"({"spec":{"free":{"l":[2],"x":{"a":1,"b":1}}}})"},
      {"an empty map or a null takes nothing away",
       R"({"spec":{"nested":{"a":"x"},"tags":["t"]},"data":{"a":"1"}})",
       R"({"spec":{"nested":{},"tags":null},"data":null})",
       R"({"data":{"a":"1"},"spec":{"nested":{"a":"x"},"tags":["t"]}})"},
      {"finalizers and owners",
       R"({"metadata":{"finalizers":["a"],"ownerReferences":[{"uid":"1","name":"x"}]}})",
       R"({"metadata":{"finalizers":["b"],"ownerReferences":[{"uid":"2","name":"y"}]}})",
       R"({"metadata":{"finalizers":["a","b"],"ownerReferences":[{"name":"x","uid":"1"},{"name":"y","uid":"2"}]}})"},
  };
  for (const Case& c : cases) {
    Story s;
    s.Update("other", c.live).Apply("m", c.config, /*force=*/true);
    EXPECT_EQ(s.live(), c.result) << c.what;
  }
}

TEST(Apply, RemovesWhatItDroppedAndNobodyElseOwns) {
  struct Case {
    const char* what;
    const char* first;
    const char* other;  // applied by someone else in between; empty: nothing
    const char* second;
    const char* result;
  };
  const Case cases[] = {
      {"a field", R"({"spec":{"n":1,"text":"x"}})", "", R"({"spec":{"n":1}})",
       R"({"spec":{"n":1}})"},
      {"a whole map", R"({"data":{"a":"1"},"spec":{"n":1}})", "", R"({"spec":{"n":1}})",
       R"({"spec":{"n":1}})"},
      {"an entry of a map", R"({"data":{"a":"1","b":"1"}})", "", R"({"data":{"b":"1"}})",
       R"({"data":{"b":"1"}})"},
      {"an item", R"({"spec":{"items":[{"name":"a","image":"1"},{"name":"b"}]}})", "",
       R"({"spec":{"items":[{"name":"b"}]}})", R"({"spec":{"items":[{"name":"b"}]}})"},
      {"all items", R"({"spec":{"n":1,"items":[{"name":"a"}],"tags":["t"]}})", "",
       R"({"spec":{"n":1}})", R"({"spec":{"n":1}})"},
      {"a value of a set", R"({"spec":{"tags":["a","b"]}})", "", R"({"spec":{"tags":["b"]}})",
       R"({"spec":{"tags":["b"]}})"},
      {"a field of an item", R"({"spec":{"items":[{"name":"a","image":"1","level":1}]}})", "",
       R"({"spec":{"items":[{"name":"a","image":"1"}]}})",
       R"({"spec":{"items":[{"image":"1","name":"a"}]}})"},
      {"an atomic list", R"({"spec":{"n":1,"args":["a"]}})", "", R"({"spec":{"n":1}})",
       R"({"spec":{"n":1}})"},
      {"an open map", R"({"spec":{"n":1,"free":{"x":{"y":1}}}})", "",
       R"({"spec":{"n":1,"free":{}}})", R"({"spec":{"free":{},"n":1}})"},
      {"but not what is shared", R"({"data":{"a":"1","b":"1"}})", R"({"data":{"a":"1"}})",
       R"({"data":{"c":"1"}})", R"({"data":{"a":"1","c":"1"}})"},
      {"nor an item that another has fields of",
       R"({"spec":{"items":[{"name":"a","image":"1"}],"n":1}})",
       R"({"spec":{"items":[{"name":"a","level":2}]}})", R"({"spec":{"n":1}})",
       R"({"spec":{"items":[{"level":2,"name":"a"}],"n":1}})"},
      {"nor what was put into its map by others", R"({"data":{"a":"1"},"spec":{"n":1}})",
       R"({"data":{"b":"1"}})", R"({"spec":{"n":1}})", R"({"data":{"b":"1"},"spec":{"n":1}})"},
      {"labels and finalizers",
       R"({"metadata":{"labels":{"a":"1"},"finalizers":["f"],"annotations":{"x":"y"}}})",
       R"({"metadata":{"labels":{"b":"1"}}})", R"({"metadata":{"annotations":{"x":"y"}}})",
       R"({"metadata":{"annotations":{"x":"y"},"labels":{"b":"1"}}})"},
  };
  for (const Case& c : cases) {
    Story s;
    s.Apply("m", c.first);
    if (*c.other) s.Apply("other", c.other);
    s.Apply("m", c.second);
    EXPECT_EQ(s.live(), c.result) << c.what;
  }
}

TEST(Apply, KeepsWhatUpdatersOwn) {
  Story s;
  s.Apply("m", R"({"data":{"a":"1","b":"1"}})");
  s.Update("editor", R"({"data":{"a":"2","b":"1","c":"1"}})");
  EXPECT_EQ(s.Fields("m"), R"({"f:data":{"f:b":{}}})");
  s.Apply("m", R"({"data":{"b":"1"}})");
  EXPECT_EQ(s.live(), R"({"data":{"a":"2","b":"1","c":"1"}})");
  // Even when the last of ours goes.
  s.Apply("m", R"({"spec":{"n":1}})");
  EXPECT_EQ(s.live(), R"({"data":{"a":"2","c":"1"},"spec":{"n":1}})");
}

TEST(Apply, MetadataItselfStays) {
  Story s;
  s.Update("o", R"({"metadata":{"name":"x","uid":"u"}})");
  s.Apply("m", R"({"metadata":{"labels":{"a":"b"}}})").Apply("m", "{}");
  EXPECT_EQ(s.live(), R"({"metadata":{"name":"x","uid":"u"}})");
}

TEST(Apply, GivingUpEverythingLeavesNoEntry) {
  Story s;
  s.Apply("m", R"({"data":{"a":"1"}})").Apply("other", R"({"data":{"a":"1"}})");
  s.Apply("m", R"({"metadata":{"name":"x"}})");
  EXPECT_EQ(s.live(), R"({"data":{"a":"1"},"metadata":{"name":"x"}})");
  ASSERT_EQ(s.managed().entries().size(), 1u);
  EXPECT_EQ(s.managed().entries()[0].manager, "other");
}

TEST(Apply, Conflicts) {
  struct Case {
    const char* what;
    const char* live;  // by "editor", with Update
    const char* config;
    const char* message;  // empty: no conflict
    std::vector<const char*> fields;
  };
  const Case cases[] = {
      {"another value",
       R"({"spec":{"n":1}})",
       R"({"spec":{"n":2}})",
       R"(Apply failed with 1 conflict: conflict with "editor" using v1: .spec.n)",
       {".spec.n"}},
      {"the same value", R"({"spec":{"n":1}})", R"({"spec":{"n":1}})", "", {}},
      {"another field", R"({"spec":{"n":1}})", R"({"spec":{"text":"x"}})", "", {}},
      {"several",
       R"({"spec":{"n":1,"items":[{"name":"a","image":"1"}]},"data":{"x.y":"1"}})",
       R"({"spec":{"n":2,"items":[{"name":"a","image":"2"}]},"data":{"x.y":"2"}})",
       "Apply failed with 3 conflicts: conflicts with \"editor\" using v1:\n- .data.x.y\n"
       "- .spec.items[name=\"a\"].image\n- .spec.n",
       {".data.x.y", ".spec.items[name=\"a\"].image", ".spec.n"}},
      {"an item with two keys",
       R"({"spec":{"items":[{"name":"a","ports":[{"port":1,"protocol":"udp","note":"x"}]}]}})",
       R"({"spec":{"items":[{"name":"a","ports":[{"port":1,"protocol":"udp","note":"y"}]}]}})",
       "Apply failed with 1 conflict: conflict with \"editor\" using v1: "
       ".spec.items[name=\"a\"].ports[port=1,protocol=\"udp\"].note",
       {".spec.items[name=\"a\"].ports[port=1,protocol=\"udp\"].note"}},
      {"an atomic list",
       R"({"spec":{"args":["a"]}})",
       R"({"spec":{"args":["a","b"]}})",
       R"(Apply failed with 1 conflict: conflict with "editor" using v1: .spec.args)",
       {".spec.args"}},
      {"an atomic map",
       R"({"spec":{"selector":{"a":"1"}}})",
       R"({"spec":{"selector":{"b":"1"}}})",
       R"(Apply failed with 1 conflict: conflict with "editor" using v1: .spec.selector)",
       {".spec.selector"}},
      {"more items",
       R"({"spec":{"tags":["a"],"items":[{"name":"a"}]}})",
       R"({"spec":{"tags":["b"],"items":[{"name":"b"}]}})",
       "",
       {}},
      {"a label",
       R"({"metadata":{"labels":{"a":"1"}}})",
       R"({"metadata":{"labels":{"a":"2"}}})",
       R"(Apply failed with 1 conflict: conflict with "editor" using v1: .metadata.labels.a)",
       {".metadata.labels.a"}},
      {"an owner",
       R"({"metadata":{"ownerReferences":[{"uid":"u","name":"a"}]}})",
       R"({"metadata":{"ownerReferences":[{"uid":"u","name":"b"}]}})",
       "Apply failed with 1 conflict: conflict with \"editor\" using v1: "
       ".metadata.ownerReferences[uid=\"u\"]",
       {".metadata.ownerReferences[uid=\"u\"]"}},
  };
  for (const Case& c : cases) {
    Story s;
    s.Update("editor", c.live);
    const Status done = s.Try("m", c.config);
    EXPECT_EQ(done.ok(), *c.message == '\0') << c.what;
    if (done.ok()) continue;
    EXPECT_EQ(done.code(), Code::kConflict) << c.what;
    EXPECT_EQ(done.error().message, c.message) << c.what;
    ASSERT_TRUE(done.error().details) << c.what;
    ASSERT_EQ(done.error().details->causes.size(), c.fields.size()) << c.what;
    for (size_t i = 0; i < c.fields.size(); ++i) {
      const ErrorCause& cause = done.error().details->causes[i];
      EXPECT_EQ(cause.reason, "FieldManagerConflict");
      EXPECT_EQ(cause.message, R"(conflict with "editor" using v1)");
      EXPECT_EQ(cause.field, c.fields[i]) << c.what;
    }
    EXPECT_EQ(s.live(), DumpJson(Doc(c.live))) << c.what;
    EXPECT_EQ(s.Fields("m"), "") << c.what;
  }
}

TEST(Apply, ConflictsNameEachManager) {
  Story s;
  s.Apply("applier", R"({"data":{"a":"1"}})");
  s.Update("status-writer", R"({"data":{"a":"1"},"status":{"phase":"x"}})", "status");
  EXPECT_EQ(s.Try("m", R"({"data":{"a":"2"},"status":{"phase":"y"}})").error().message,
            "Apply failed with 2 conflicts: conflicts with \"applier\":\n- .data.a\n"
            "conflicts with \"status-writer\" with subresource \"status\" using v1:\n"
            "- .status.phase");
}

TEST(Apply, ForceTakesOver) {
  Story s;
  s.Update("editor", R"({"data":{"a":"1","b":"1"}})");
  s.Apply("m", R"({"data":{"a":"2"}})", /*force=*/true);
  EXPECT_EQ(s.live(), R"({"data":{"a":"2","b":"1"}})");
  EXPECT_EQ(s.Fields("editor"), R"({"f:data":{".":{},"f:b":{}}})");
  EXPECT_EQ(s.Fields("m"), R"({"f:data":{"f:a":{}}})");
  // What two share, a force of a third takes from both.
  s.Apply("n", R"({"data":{"a":"2"}})").Apply("o", R"({"data":{"a":"3"}})", true);
  EXPECT_EQ(s.Fields("m"), "");
  EXPECT_EQ(s.Fields("n"), "");
  EXPECT_EQ(s.Fields("o"), R"({"f:data":{"f:a":{}}})");
}

TEST(Apply, SharesEqualValues) {
  Story s;
  s.Apply("a", R"({"data":{"k":"1"}})").Apply("b", R"({"data":{"k":"1"}})");
  EXPECT_EQ(s.Fields("a"), R"({"f:data":{"f:k":{}}})");
  EXPECT_EQ(s.Fields("b"), R"({"f:data":{"f:k":{}}})");
  EXPECT_EQ(s.Try("a", R"({"data":{"k":"2"}})").error().message,
            R"(Apply failed with 1 conflict: conflict with "b": .data.k)");
  // Who gives it up leaves it to the other, who may then change it.
  s.Apply("b", R"({"data":{"other":"1"}})").Apply("a", R"({"data":{"k":"2"}})");
  EXPECT_EQ(s.live(), R"({"data":{"k":"2","other":"1"}})");
}

TEST(Apply, AgainChangesNothing) {
  Story s;
  s.Update("editor", R"({"data":{"b":"1"}})").Apply("m", R"({"data":{"a":"1"}})");
  const std::string bytes = s.managed().Encode();
  const std::string live = s.live();
  s.Apply("m", R"({"data":{"a":"1"}})").Apply("m", R"({"data":{"a":"1"}})", true);
  EXPECT_EQ(s.managed().Encode(), bytes);
  EXPECT_EQ(s.live(), live);
  EXPECT_EQ(s.Time("m"), 2);
  s.Apply("m", R"({"data":{"a":"2"}})");
  EXPECT_EQ(s.Time("m"), 5);
  EXPECT_EQ(s.Time("editor"), 1);
}

TEST(Apply, BeforeFirstApply) {
  Story s;
  s.Update("editor", R"({"data":{"a":"1","b":"1"}})").Forget();
  EXPECT_EQ(
      s.Try("m", R"({"data":{"a":"2"}})").error().message,
      R"(Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.a)");
  s.Apply("m", R"({"data":{"a":"1"}})");
  EXPECT_EQ(s.Fields("before-first-apply"), R"({"f:data":{".":{},"f:a":{},"f:b":{}}})");
  EXPECT_EQ(s.Fields("m"), R"({"f:data":{"f:a":{}}})");
}

TEST(Apply, KubectlTakesOverFromClientSideApply) {
  const std::string annotated =
      R"({"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":)"
      R"("{\"data\":{\"a\":\"1\",\"b\":\"1\"}}\n"}},"data":{"a":"1","b":"9"}})";
  Story s;
  s.Update("kubectl-client-side-apply", annotated);
  // b is not what was applied any more, and so not kubectl's to take.
  EXPECT_EQ(s.Try("kubectl", R"({"data":{"a":"2","b":"2"}})").code(), Code::kConflict);
  EXPECT_EQ(s.Try("other", R"({"data":{"a":"2"}})").code(), Code::kConflict);
  s.Apply("kubectl", R"({"data":{"a":"2"}})");
  EXPECT_EQ(s.Fields("kubectl"), R"({"f:data":{"f:a":{}}})");
  EXPECT_EQ(
      Doc(s.live())["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"],
      "{\"data\":{\"a\":\"2\"}}\n");
  EXPECT_EQ(s.live().find("\"b\":\"9\"") == std::string::npos, false);
}

TEST(Apply, Versions) {
  Story s;
  ASSERT_TRUE(s.Try("m", R"({"data":{"a":"1","b":"1"}})", false, "v1alpha1").ok());
  ASSERT_TRUE(s.Try("o", R"({"data":{"o":"1"}})", false, "v1alpha1").ok());
  s.Apply("m", R"({"data":{"a":"1"}})");
  EXPECT_EQ(s.live(), R"({"data":{"a":"1","o":"1"}})");
  ASSERT_EQ(s.managed().entries().size(), 2u);
  // Fields held in a version that is not served any more are nobody's.
  s.Retire("v1alpha1").Apply("m", R"({"data":{"a":"1","o":"2"}})");
  ASSERT_EQ(s.managed().entries().size(), 1u);
  EXPECT_EQ(s.live(), R"({"data":{"a":"1","o":"2"}})");
}

TEST(Apply, WhatBecameAtomicIsOwnedAsAWhole) {
  const auto set = FieldsFromJson(Doc(R"({"f:spec":{"f:selector":{".":{},"f:a":{}},"f:n":{},)"
                                      R"("f:args":{"v:\"x\"":{}},"f:tags":{"v:\"t\"":{}}}})"));
  ASSERT_TRUE(set.ok());
  EXPECT_EQ(DumpJson(FieldsToJson(FitToSchema(Kind().root(), *set))),
            R"({"f:spec":{"f:args":{},"f:n":{},"f:selector":{},"f:tags":{"v:\"t\"":{}}}})");
  const FieldSetPtr fitting = FitToSchema(Kind().root(), *set);
  EXPECT_EQ(FitToSchema(Kind().root(), fitting), fitting);
}

TEST(Apply, FaultyConfigurations) {
  struct Case {
    const char* config;
    const char* message;
  };
  const Case cases[] = {
      {R"({"spec":{"m":1}})", ".spec.m: field not declared in schema"},
      {R"({"metadata":{"label":{}}})", ".metadata.label: field not declared in schema"},
      {R"({"spec":{"m":1,"items":[{"name":"a","x":1}]}})",
       "errors:\n  .spec.items[name=\"a\"].x: field not declared in schema\n"
       "  .spec.m: field not declared in schema"},
      {R"({"spec":{"items":[{"name":"a"},{"name":"a"}]}})",
       ".spec.items: duplicate entries for key [name=\"a\"]"},
      {R"({"spec":{"tags":["a","a"]}})", ".spec.tags: duplicate entries for key [=\"a\"]"},
      {R"({"spec":{"items":[{"name":"a","ports":[{"port":1},{"port":1,"protocol":"tcp"}]}]}})",
       ".spec.items[name=\"a\"].ports: duplicate entries for key [port=1,protocol=\"tcp\"]"},
      {R"({"spec":{"items":[{"image":"a"}]}})",
       ".spec.items: element 0: associative list with keys has an element that omits key field "
       "\"name\" (and doesn't have default value)"},
      {R"({"spec":{"items":["a"]}})",
       ".spec.items: element 0: associative list with keys may not have non-map elements"},
      {R"({"spec":{"tags":[null]}})",
       ".spec.tags: element 0: associative list without keys has an element that's an explicit "
       "null"},
  };
  for (const Case& c : cases) {
    Story s;
    Json config = Doc(c.config);
    config["apiVersion"] = "example.com/v1";
    config["kind"] = "Thing";
    config["metadata"]["name"] = "x";
    const Status done = s.Try("m", DumpJson(config));
    ASSERT_FALSE(done.ok()) << c.config;
    EXPECT_EQ(done.code(), Code::kBadRequest) << c.config;
    EXPECT_EQ(
        done.error().message,
        std::string("failed to create typed patch object (/x; example.com/v1, Kind=Thing): ") +
            c.message);
  }
  // Values of other types than the schema wants are for validation to speak of.
  Story s;
  s.Update("o", R"({"data":{"a":"1"},"spec":{"tags":["a"],"nested":{"a":"x"}}})");
  s.Apply("m", R"({"data":["a"],"spec":{"tags":{"a":1},"nested":"x","n":{"a":1}}})", true);
  EXPECT_EQ(s.live(), R"({"data":["a"],"spec":{"n":{"a":1},"nested":"x","tags":{"a":1}}})");
}

// What a manager owns has its names where the manager wrote it.
class AcrossVersions : public ::testing::Test {
 protected:
  static constexpr char kOld[] = R"({"apiVersion":"v1","spec":{"text":"a","n":1}})";
  static constexpr char kMoved[] = R"({"apiVersion":"moved","spec":{"free":{"text":"a"},"n":1}})";
  Story story_;

  Status TryMoved(const std::string& manager, const std::string& text, bool force = false) {
    return story_.Try(manager, R"({"apiVersion":"moved","spec":{"free":{"text":")" + text + "\"}}}",
                      force, "moved");
  }
};

TEST_F(AcrossVersions, AConflictIsNamedAsItsOwnerKnowsIt) {
  story_.Apply("one", kOld);
  EXPECT_TRUE(TryMoved("two", "a").ok()) << "the same value";
  const Status refused = TryMoved("three", "b");
  ASSERT_FALSE(refused.ok());
  const auto& causes = refused.error().details->causes;
  ASSERT_EQ(causes.size(), 2u);
  EXPECT_EQ(causes[0].field, ".spec.text");
  EXPECT_EQ(causes[1].field, ".spec.free.text");
}

TEST_F(AcrossVersions, ForceTakesTheFieldByBothItsNames) {
  story_.Apply("one", kOld);
  ASSERT_TRUE(TryMoved("two", "b", true).ok());
  EXPECT_EQ(story_.Fields("one"), R"({"f:spec":{"f:n":{}}})");
  EXPECT_EQ(story_.Fields("two"), R"({"f:spec":{"f:free":{"f:text":{}}}})");
  EXPECT_EQ(story_.live(), R"({"apiVersion":"moved","spec":{"free":{"text":"b"},"n":1}})");
}

TEST_F(AcrossVersions, WhoMovesAlongStatesTheSameField) {
  story_.Apply("one", kOld);
  ASSERT_TRUE(story_.Try("one", kMoved, false, "moved").ok());
  EXPECT_EQ(story_.live(), std::string(kMoved));
  // And drops it by either name.
  ASSERT_TRUE(story_.Try("one", R"({"apiVersion":"v1","spec":{"n":1}})").ok());
  EXPECT_EQ(story_.live(), R"({"apiVersion":"v1","spec":{"n":1}})");
}

TEST_F(AcrossVersions, WhatAnotherVersionOwnsIsNotDropped) {
  story_.Apply("one", kOld);
  ASSERT_TRUE(TryMoved("two", "a").ok());
  ASSERT_TRUE(story_.Try("one", R"({"apiVersion":"v1","spec":{"n":1}})").ok());
  EXPECT_EQ(story_.live(), R"({"apiVersion":"v1","spec":{"n":1,"text":"a"}})");
  ASSERT_TRUE(story_.Try("two", R"({"apiVersion":"moved","spec":{}})", false, "moved").ok());
  EXPECT_EQ(story_.live(), R"({"apiVersion":"moved","spec":{"n":1}})");
}

TEST_F(AcrossVersions, AnUpdateTakesTheFieldFromItsOwner) {
  story_.Apply("one", kOld);
  story_.UpdateIn("moved", "two", R"({"apiVersion":"moved","spec":{"free":{"text":"b"},"n":1}})");
  EXPECT_EQ(story_.Fields("one"), R"({"f:spec":{"f:n":{}}})");
  story_.UpdateIn("moved", "two", R"({"apiVersion":"moved","spec":{"free":{"text":"b"}}})");
  EXPECT_EQ(story_.Fields("one"), "");
}

TEST_F(AcrossVersions, AConversionThatFailsEndsAnApplyAndSpoilsNoUpdate) {
  story_.Apply("one", kOld);
  story_.Retire("broken");
  EXPECT_EQ(TryMoved("two", "b").code(), Code::kInternal);
  story_.Update("three", R"({"apiVersion":"v1","spec":{"text":"c","n":1}})");
  EXPECT_EQ(story_.Fields("one"), R"({"f:spec":{"f:n":{}}})");
}

TEST(Apply, ManyItemsTakeLittleTime) {
  Json config = Json::object();
  for (int i = 0; i < 20000; ++i) config["spec"]["tags"].push_back("t" + std::to_string(i));
  Story s;
  s.Apply("m", DumpJson(config));
  std::reverse(config["spec"]["tags"].begin(), config["spec"]["tags"].end());
  s.Apply("m", DumpJson(config));
  EXPECT_EQ(s.live(), DumpJson(config));
}

}  // namespace
}  // namespace gantry::managedfields
