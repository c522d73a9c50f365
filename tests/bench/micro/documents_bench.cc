#include <benchmark/benchmark.h>

#include "apis/machinery/schema/definition.h"
#include "apis/machinery/yaml/yaml.h"
#include "apiserver/endpoints/json_patch.h"
#include "apiserver/endpoints/strategic_merge.h"
#include "tests/bench/micro/samples.h"

// Documents as clients send them: read, validated, merged.
namespace gantry::bench {
namespace {

void BM_JsonParsed(benchmark::State& state) {
  const std::string text = DumpJson(SampleConfigMap());
  for (auto _ : state) benchmark::DoNotOptimize(ParseJson(text));
}
BENCHMARK(BM_JsonParsed);

void BM_JsonWritten(benchmark::State& state) {
  const Json object = SampleConfigMap();
  for (auto _ : state) benchmark::DoNotOptimize(DumpJson(object));
}
BENCHMARK(BM_JsonWritten);

void BM_YamlParsed(benchmark::State& state) {
  const std::string text = SampleApplicationYaml();
  for (auto _ : state) benchmark::DoNotOptimize(yaml::ParseYaml(text));
}
BENCHMARK(BM_YamlParsed);

void BM_YamlWritten(benchmark::State& state) {
  const Json object = yaml::ParseYaml(SampleApplicationYaml())->front().value;
  for (auto _ : state) benchmark::DoNotOptimize(yaml::ToYaml(object));
}
BENCHMARK(BM_YamlWritten);

void BM_Validated(benchmark::State& state, const std::string& plural, const Json& object) {
  const auto definition = BuiltinKind(plural);
  const schema::Schema& schema = *definition->StorageVersion().schema;
  for (auto _ : state) benchmark::DoNotOptimize(schema.Validate(object));
}
BENCHMARK_CAPTURE(BM_Validated, ConfigMap, "configmaps", SampleConfigMap());
BENCHMARK_CAPTURE(BM_Validated, Application, "applications",
                  yaml::ParseYaml(SampleApplicationYaml())->front().value);

void BM_DefaultedAndPruned(benchmark::State& state) {
  const auto definition = BuiltinKind("applications");
  const schema::Schema& schema = *definition->StorageVersion().schema;
  const Json object = yaml::ParseYaml(SampleApplicationYaml())->front().value;
  for (auto _ : state) {
    Json copy = object;
    schema.Prune(&copy, nullptr);
    schema.Default(&copy);
    benchmark::DoNotOptimize(copy);
  }
}
BENCHMARK(BM_DefaultedAndPruned);

void BM_StrategicMerge(benchmark::State& state) {
  const auto definition = BuiltinKind("configmaps");
  const Json object = SampleConfigMap();
  const Json patch = {{"metadata", {{"labels", {{"round", "2"}}}}}, {"data", {{"key-5", "new"}}}};
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        apiserver::StrategicMerge(definition->StorageVersion().schema->root(), object, patch));
  }
}
BENCHMARK(BM_StrategicMerge);

void BM_JsonPatch(benchmark::State& state) {
  const Json object = SampleConfigMap();
  const Json patch = {{{"op", "replace"}, {"path", "/data/key-5"}, {"value", "new"}},
                      {{"op", "add"}, {"path", "/metadata/labels/more"}, {"value", "x"}}};
  for (auto _ : state) benchmark::DoNotOptimize(apiserver::ApplyJsonPatch(patch, object));
}
BENCHMARK(BM_JsonPatch);

}  // namespace
}  // namespace gantry::bench
