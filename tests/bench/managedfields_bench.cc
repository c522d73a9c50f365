#include <benchmark/benchmark.h>

#include "apis/machinery/managedfields/managed_fields.h"

// What field tracking adds to a write. Field tracking runs on every one.
namespace gantry::managedfields {
namespace {

// A ConfigMap of about 1.5 KB, as the load generators write them.
Json ConfigMap() {
  Json data = Json::object();
  for (int i = 0; i < 10; ++i) data["key-" + std::to_string(i)] = std::string(120, 'x');
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata",
           {{"name", "load-1"},
            {"namespace", "default"},
            {"uid", "7e3f9f0e-6ad1-4f6c-9d0e-0c0c5b1f2a11"},
            {"creationTimestamp", "2026-11-21T11:00:00Z"},
            {"labels", {{"app", "load"}, {"round", "1"}}}}},
          {"data", data}};
}

schema::Node Root() {
  auto data = std::make_shared<schema::Node>();
  data->type = schema::Node::Type::kObject;
  auto text = std::make_shared<schema::Node>();
  text->type = schema::Node::Type::kString;
  data->additional = text;
  schema::Node root;
  root.type = schema::Node::Type::kObject;
  root.properties = {{"data", data}};
  return root;
}

Entry Who() {
  return {"bench", "Update", "v1", "", WallTime(std::chrono::seconds(1795260000)), nullptr};
}

void BM_CreateAndEncode(benchmark::State& state) {
  const schema::Node root = Root();
  const Json object = ConfigMap();
  for (auto _ : state) {
    ManagedFields fields;
    fields.TrackUpdate(root, nullptr, object, Who());
    benchmark::DoNotOptimize(fields.Encode());
  }
}
BENCHMARK(BM_CreateAndEncode);

void BM_DecodeUpdateOneValueAndEncode(benchmark::State& state) {
  const schema::Node root = Root();
  const Json before = ConfigMap();
  Json after = before;
  after["data"]["key-5"] = "changed";
  ManagedFields created;
  created.TrackUpdate(root, nullptr, before, Who());
  const std::string stored = created.Encode();
  for (auto _ : state) {
    ManagedFields fields = *ManagedFields::Decode(stored);
    fields.TrackUpdate(root, &before, after, Who());
    benchmark::DoNotOptimize(fields.Encode());
  }
}
BENCHMARK(BM_DecodeUpdateOneValueAndEncode);

void BM_DecodeAndRender(benchmark::State& state) {
  ManagedFields created;
  created.TrackUpdate(Root(), nullptr, ConfigMap(), Who());
  const std::string stored = created.Encode();
  state.counters["stored_bytes"] = static_cast<double>(stored.size());
  state.counters["json_bytes"] = static_cast<double>(created.ToJsonText().size());
  for (auto _ : state) benchmark::DoNotOptimize(ManagedFields::Decode(stored)->ToJsonText());
}
BENCHMARK(BM_DecodeAndRender);

}  // namespace
}  // namespace gantry::managedfields
