#include <benchmark/benchmark.h>

#include "apis/machinery/managedfields/apply.h"
#include "apis/machinery/managedfields/managed_fields.h"
#include "apis/machinery/managedfields/render.h"
#include "tests/bench/micro/samples.h"

// What field tracking adds to a write. Field tracking runs on every one.
namespace gantry::managedfields {
namespace {

const schema::Node& Root() {
  static const auto definition = bench::BuiltinKind("configmaps");
  return definition->StorageVersion().schema->root();
}

Entry Who(const char* manager, const char* operation) {
  return {manager, operation, "v1", "", WallTime(std::chrono::seconds(1795260000)), nullptr};
}

void BM_FieldsOfCreate(benchmark::State& state) {
  const Json object = bench::SampleConfigMap();
  for (auto _ : state) {
    ManagedFields fields;
    fields.TrackUpdate(Root(), nullptr, object, Who("bench", kUpdate));
    benchmark::DoNotOptimize(fields.Encode());
  }
}
BENCHMARK(BM_FieldsOfCreate);

void BM_FieldsOfUpdate(benchmark::State& state) {
  const Json before = bench::SampleConfigMap();
  Json after = before;
  after["data"]["key-5"] = "changed";
  ManagedFields created;
  created.TrackUpdate(Root(), nullptr, before, Who("bench", kUpdate));
  const std::string stored = created.Encode();
  for (auto _ : state) {
    ManagedFields fields = *ManagedFields::Decode(stored);
    fields.TrackUpdate(Root(), &before, after, Who("bench", kUpdate));
    benchmark::DoNotOptimize(fields.Encode());
  }
}
BENCHMARK(BM_FieldsOfUpdate);

void BM_ServerSideApply(benchmark::State& state) {
  const Json config = bench::SampleConfigMap();
  const Applied first =
      *Apply(Root(), nullptr, ManagedFields(), {config, Who("bench", kApply), true, nullptr});
  Json changed = config;
  changed["data"]["key-5"] = "changed";
  for (auto _ : state) {
    benchmark::DoNotOptimize(Apply(Root(), &first.object, first.managed,
                                   {changed, Who("bench", kApply), true, nullptr}));
  }
}
BENCHMARK(BM_ServerSideApply);

void BM_FieldsRendered(benchmark::State& state) {
  ManagedFields created;
  created.TrackUpdate(Root(), nullptr, bench::SampleConfigMap(), Who("bench", kUpdate));
  const std::string stored = created.Encode();
  std::string text;
  for (auto _ : state) {
    text.clear();
    benchmark::DoNotOptimize(AppendEncodedAsJson(stored, &text).ok());
  }
  state.counters["stored_bytes"] = static_cast<double>(stored.size());
  state.counters["json_bytes"] = static_cast<double>(text.size());
}
BENCHMARK(BM_FieldsRendered);

}  // namespace
}  // namespace gantry::managedfields
