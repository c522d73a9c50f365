#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "apis/compose/compose.h"
#include "apis/machinery/yaml/yaml.h"

// A template on its way to objects, as the server reads it at each write.
namespace gantry::bench {
namespace {

std::string Template(int services) {
  std::string out =
      "x-defaults: &defaults {restart: unless-stopped, logging: {driver: local}}\nservices:\n";
  for (int i = 0; i < services; ++i) {
    out += fmt::format(
        "  service-{0}:\n"
        "    <<: *defaults\n"
        "    image: registry.example.com/acme/service-{0}:${{VERSION:-1.{0}}}\n"
        "    command: [\"serve\", \"--port=80\", \"--name=service-{0}\"]\n"
        "    environment:\n"
        "      - NAME=service-{0}\n"
        "      - DATABASE=postgres://user:$PASSWORD@db-{0}/main\n"
        "      - constraint:group==1\n"
        "    ports: [\"80\", \"{1}:8080\"]\n"
        "    volumes: [\"data-{0}:/data\", \"/tmp/scratch\"]\n"
        "    depends_on: [service-{2}]\n"
        "    healthcheck: {{test: [CMD, curl, localhost], interval: 10s}}\n"
        "    deploy: {{resources: {{limits: {{cpus: \"0.5\", memory: 256m}}}}}}\n"
        "    labels:\n"
        "      gantry.scale: \"2\"\n"
        "      gantry.routing.port_80: service-{0};www.example.com/{0}\n"
        "      com.example.team: \"{0}\"\n",
        i, 10000 + i, i > 0 ? i - 1 : services);
  }
  out += fmt::format("  service-{}: {{image: busybox}}\nvolumes:\n", services);
  for (int i = 0; i < services; ++i) out += fmt::format("  data-{}: {{}}\n", i);
  return out;
}

// What of it is YAML.
void BM_Parsed(benchmark::State& state) {
  const std::string text = Template(static_cast<int>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(yaml::ParseYaml(text));
  state.counters["bytes"] = static_cast<double>(text.size());
}
BENCHMARK(BM_Parsed)->Arg(200)->Unit(benchmark::kMillisecond);

void BM_Converted(benchmark::State& state) {
  compose::Input input;
  input.application = "shop";
  input.text = Template(static_cast<int>(state.range(0)));
  input.secret_parameters = {{"PASSWORD", "hunter2"}};
  const compose::Output once = compose::Convert(input);
  if (!once.errors.empty()) return state.SkipWithError(once.errors[0].ToString().c_str());
  for (auto _ : state) benchmark::DoNotOptimize(compose::Convert(input));
  state.counters["services"] = static_cast<double>(once.services.size());
}
BENCHMARK(BM_Converted)->Arg(10)->Arg(200)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace gantry::bench
