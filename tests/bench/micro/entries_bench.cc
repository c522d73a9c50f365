#include <benchmark/benchmark.h>

#include "apis/machinery/base/json_slice.h"
#include "apis/machinery/managedfields/managed_fields.h"
#include "apiserver/registry/field_tracking.h"
#include "apiserver/storage/filter.h"
#include "apiserver/table/cell_parts.h"
#include "apiserver/table/table.h"
#include "tests/bench/micro/samples.h"

// Stored objects as lists and watches go through them.
namespace gantry::apiserver {
namespace {

const ManagedRenderer& Renderer() {
  static const ManagedRenderer render = RenderManagedFields;
  return render;
}

std::string SampleRecord() {
  const auto definition = bench::BuiltinKind("configmaps");
  managedfields::ManagedFields managed;
  managed.TrackUpdate(definition->StorageVersion().schema->root(), nullptr,
                      bench::SampleConfigMap(),
                      {"bench", managedfields::kUpdate, "v1", "",
                       WallTime(std::chrono::seconds(1795260000)), nullptr});
  RecordInput input;
  input.version = "v1";
  input.managed = managed.Encode();
  return EncodeRecord(bench::SampleConfigMap(), input);
}

EntryPtr SampleEntry() { return *Entry::Make("default/load-1", SampleRecord(), 7, &Renderer()); }

void BM_RecordEncoded(benchmark::State& state) {
  const Json object = bench::SampleConfigMap();
  RecordInput input;
  input.version = "v1";
  for (auto _ : state) benchmark::DoNotOptimize(EncodeRecord(object, input));
}
BENCHMARK(BM_RecordEncoded);

void BM_EntryMade(benchmark::State& state) {
  const std::string record = SampleRecord();
  for (auto _ : state) {
    benchmark::DoNotOptimize(Entry::Make("default/load-1", record, 7, &Renderer()));
  }
}
BENCHMARK(BM_EntryMade);

void BM_EntryWritten(benchmark::State& state) {
  const EntryPtr entry = SampleEntry();
  std::string out;
  for (auto _ : state) {
    out.clear();
    entry->AppendWire(&out);
    benchmark::DoNotOptimize(out);
  }
}
BENCHMARK(BM_EntryWritten);

void BM_LabelMatched(benchmark::State& state) {
  const EntryPtr entry = SampleEntry();
  EntryFilter filter;
  filter.prefix = "default/";
  filter.labels = *LabelSelector::Parse("app=load,round in (2,3)");
  for (auto _ : state) benchmark::DoNotOptimize(filter.Matches(*entry));
}
BENCHMARK(BM_LabelMatched);

void BM_FieldMatched(benchmark::State& state) {
  const EntryPtr entry = SampleEntry();
  EntryFilter filter;
  filter.fields = *FieldSelector::Parse("metadata.name=load-2");
  for (auto _ : state) benchmark::DoNotOptimize(filter.Matches(*entry));
}
BENCHMARK(BM_FieldMatched);

void BM_MetadataCutOut(benchmark::State& state) {
  const std::string text = *SampleEntry()->Wire();
  for (auto _ : state) benchmark::DoNotOptimize(JsonMember(text, "metadata"));
}
BENCHMARK(BM_MetadataCutOut);

void BM_TableCells(benchmark::State& state) {
  const auto definition = bench::BuiltinKind("configmaps");
  const schema::Version& version = definition->StorageVersion();
  const table::CellParts parts(version);
  const std::string text = *SampleEntry()->Wire();
  const WallTime now{};
  for (auto _ : state) benchmark::DoNotOptimize(table::Cells(version, parts.Of(text), now));
}
BENCHMARK(BM_TableCells);

}  // namespace
}  // namespace gantry::apiserver
