#include "apiserver/table/table.h"

#include <gtest/gtest.h>

#include "apiserver/table/cell_parts.h"

namespace gantry::apiserver::table {
namespace {

constexpr char kV1[] = "meta.k8s.io/v1";

schema::PrinterColumn Column(std::string name, std::string type, const char* path,
                             int priority = 0) {
  schema::PrinterColumn c;
  c.name = std::move(name);
  c.type = std::move(type);
  c.description = "About " + c.name + ".";
  c.priority = priority;
  c.path = *schema::JsonPath::Parse(path);
  return c;
}

schema::Version Widgets() {
  schema::Version v;
  v.name = "v1";
  v.columns = {Column("Replicas", "integer", ".spec.replicas"),
               Column("Share", "number", ".spec.share"), Column("On", "boolean", ".spec.on"),
               Column("Ports", "string", ".spec.ports[*].port", 1),
               Column("Age", "date", ".metadata.creationTimestamp")};
  return v;
}

const WallTime kNow = *ParseTime("2026-11-21T12:05:12Z");

Json Object() {
  return *ParseJson(R"({"apiVersion":"example.com/v1","kind":"Widget",
    "metadata":{"name":"a","namespace":"default","uid":"u","creationTimestamp":"2026-11-21T12:00:00Z"},
    "spec":{"replicas":3,"share":0.5,"on":true,"ports":[{"port":80},{"port":443}]}})");
}

TEST(Table, HasColumnsAndCells) {
  const Json object = Object();
  const Json table =
      Table(Widgets(), {&object}, {{"resourceVersion", "7"}}, IncludeObject::kMetadata, kNow, kV1);
  EXPECT_EQ(table["kind"], "Table");
  EXPECT_EQ(table["apiVersion"], kV1);
  EXPECT_EQ(table["metadata"], Json({{"resourceVersion", "7"}}));
  ASSERT_EQ(table["columnDefinitions"].size(), 6u);
  EXPECT_EQ(table["columnDefinitions"][0]["name"], "Name");
  EXPECT_EQ(table["columnDefinitions"][0]["format"], "name");
  EXPECT_EQ(table["columnDefinitions"][4], Json({{"name", "Ports"},
                                                 {"type", "string"},
                                                 {"format", ""},
                                                 {"description", "About Ports."},
                                                 {"priority", 1}}));
  ASSERT_EQ(table["rows"].size(), 1u);
  EXPECT_EQ(table["rows"][0]["cells"], Json({"a", 3, 0.5, true, "80,443", "5m12s"}));
  EXPECT_EQ(table["rows"][0]["object"], Json({{"kind", "PartialObjectMetadata"},
                                              {"apiVersion", kV1},
                                              {"metadata", object["metadata"]}}));
}

TEST(Table, CellsNeedOnlySomePartsOfAnObject) {
  Json object = Object();
  object["spec"]["more"] = "not read, but a part of what is";
  object["metadata"]["labels"] = {{"not", "read"}};
  object["status"] = {{"not", "read"}};
  const Json parts = CellParts(Widgets()).Of(DumpJson(object));
  EXPECT_EQ(Cells(Widgets(), parts, kNow), Cells(Widgets(), object, kNow));
  EXPECT_EQ(parts["metadata"].size(), 2u) << parts;
  EXPECT_FALSE(parts.contains("status")) << parts;

  const std::vector<const char*> paths = {"{.status.not}",        ".metadata",
                                          ".metadata.labels.not", ".metadata.labels['not']",
                                          ".status['not']",       ".spec.ports[?(@.port==80)].port",
                                          ".none.at.all"};
  for (const char* path : paths) {
    schema::Version version;
    version.columns = {Column("Some", "string", path)};
    EXPECT_EQ(Cells(version, CellParts(version).Of(DumpJson(object)), kNow),
              Cells(version, object, kNow))
        << path;
  }
  EXPECT_EQ(Cells(Widgets(), CellParts(Widgets()).Of("{}"), kNow),
            Json({"", nullptr, nullptr, nullptr, nullptr, nullptr}));
}

TEST(Table, MissingAndOddValuesAreNull) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {R"({"metadata":{"name":"a"}})", R"(["a",null,null,null,null,null])"},
      {R"({})", R"(["",null,null,null,null,null])"},
      {R"({"metadata":{"name":"a","creationTimestamp":null},"spec":{"replicas":"three","share":"x","on":1}})",
       R"(["a",null,null,null,null,null])"},
      {R"({"metadata":{"name":"a","creationTimestamp":"soon"},"spec":{"replicas":2.0,"share":1}})",
       R"(["a",2,1,null,null,"<invalid>"])"},
      {R"({"metadata":{"name":"a","creationTimestamp":"2026-02-31T00:00:00Z"}})",
       R"(["a",null,null,null,null,"<invalid>"])"},
      {R"({"metadata":{"name":"a","creationTimestamp":"0001-01-01T00:00:00Z"}})",
       R"(["a",null,null,null,null,"<unknown>"])"},
      {R"({"metadata":{"name":"a","creationTimestamp":"1680-01-01T00:00:00Z"}})",
       R"(["a",null,null,null,null,"292y"])"},
      {R"({"metadata":{"name":"a","creationTimestamp":""},"spec":{"ports":[]}})",
       R"(["a",null,null,null,null,"<unknown>"])"}};
  for (const auto& [object, cells] : cases)
    EXPECT_EQ(Row(Widgets(), *ParseJson(object), IncludeObject::kNone, kNow, kV1)["cells"],
              *ParseJson(cells))
        << object;
}

TEST(Table, IncludesWhatIsAskedFor) {
  const Json object = Object();
  const auto included = [&](IncludeObject include) {
    return Row(Widgets(), object, include, kNow, "meta.k8s.io/v1beta1")["object"];
  };
  EXPECT_TRUE(included(IncludeObject::kNone).is_null());
  EXPECT_EQ(included(IncludeObject::kObject), object);
  EXPECT_EQ(included(IncludeObject::kMetadata)["apiVersion"], "meta.k8s.io/v1beta1");
  EXPECT_EQ(*ParseIncludeObject(""), IncludeObject::kMetadata);
  EXPECT_EQ(*ParseIncludeObject("Metadata"), IncludeObject::kMetadata);
  EXPECT_EQ(*ParseIncludeObject("None"), IncludeObject::kNone);
  EXPECT_EQ(*ParseIncludeObject("Object"), IncludeObject::kObject);
  EXPECT_EQ(ParseIncludeObject("All").code(), Code::kBadRequest);
}

TEST(Table, LaterEventsOfAWatchHaveNoColumns) {
  const Json object = Object();
  const Json table =
      Table(Widgets(), {&object}, Json::object(), IncludeObject::kNone, kNow, kV1, false);
  EXPECT_EQ(table["columnDefinitions"], Json::array());
  EXPECT_EQ(table["rows"].size(), 1u);
}

TEST(PartialObjectMetadata, ListKeepsListMetadata) {
  const Json object = Object();
  const Json list = PartialObjectMetadataList({&object}, {{"resourceVersion", "9"}}, kV1);
  EXPECT_EQ(list["kind"], "PartialObjectMetadataList");
  EXPECT_EQ(list["metadata"]["resourceVersion"], "9");
  ASSERT_EQ(list["items"].size(), 1u);
  EXPECT_EQ(list["items"][0], PartialObjectMetadata(object, kV1));
  EXPECT_FALSE(list["items"][0].contains("spec"));
  EXPECT_EQ(PartialObjectMetadata(Json::object(), kV1)["metadata"], Json::object());
}

}  // namespace
}  // namespace gantry::apiserver::table
