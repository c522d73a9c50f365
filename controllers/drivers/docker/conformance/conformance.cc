#include "controllers/drivers/docker/conformance/conformance.h"

#include <gtest/gtest.h>

#include "apis/machinery/base/random.h"

namespace gantry::docker {
namespace {

class Case : public ::testing::Test {
 public:
  Case(const ConformanceEngine& engine, ConformanceCase c) : engine_(engine), case_(std::move(c)) {}
  void TestBody() override {
    auto connected = engine_.connect();
    ASSERT_TRUE(connected.ok()) << connected.error().message;
    ConformanceTest test(&engine_, *std::move(connected));
    case_.run(test);
  }

 private:
  const ConformanceEngine engine_;
  const ConformanceCase case_;
};

}  // namespace

ConformanceTest::ConformanceTest(const ConformanceEngine* c, std::unique_ptr<Engine> e)
    : config(c),
      ctx(Context().WithTimeout(std::chrono::minutes(1))),
      tag("gantry-test-" + RandomHex(Random::Real(), 4)),
      labels({{"gantry.test", tag}}),
      engine(std::move(e)) {}

ConformanceTest::~ConformanceTest() {
  const Context end = Context().WithTimeout(std::chrono::minutes(1));
  auto containers = engine->ListContainers(end, {labels});
  if (containers.ok()) {
    for (const ContainerSummary& c : *containers) {
      engine->RemoveContainer(end, c.id, true).IgnoreError();
    }
  }
  auto networks = engine->ListNetworks(end, {labels});
  if (networks.ok()) {
    for (const NetworkDetails& n : *networks) engine->RemoveNetwork(end, n.id).IgnoreError();
  }
  auto volumes = engine->ListVolumes(end, {labels});
  if (volumes.ok()) {
    for (const VolumeDetails& v : *volumes) engine->RemoveVolume(end, v.name).IgnoreError();
  }
}

ContainerConfig ConformanceTest::Config(const std::string& line) const {
  ContainerConfig c;
  c.name = Name("c");
  c.image = config->image;
  c.labels = labels;
  if (!line.empty()) c.command = std::vector<std::string>{"/bin/sh", "-c", line};
  c.stop_timeout_seconds = 1;
  return c;
}

std::string ConformanceTest::Run(const ContainerConfig& wish) const {
  auto id = engine->CreateContainer(ctx, wish);
  EXPECT_TRUE(id.ok()) << id.error().message;
  if (!id.ok()) return "";
  const Status started = engine->StartContainer(ctx, *id);
  EXPECT_TRUE(started.ok()) << started.error().message;
  return *id;
}

ContainerDetails ConformanceTest::Await(
    const std::string& id, const std::function<bool(const ContainerDetails&)>& done) const {
  const Context limited = ctx.WithTimeout(std::chrono::seconds(20));
  ContainerDetails last;
  do {
    auto details = engine->InspectContainer(ctx, id);
    if (details.ok()) last = *std::move(details);
    if (done(last)) return last;
  } while (limited.SleepFor(std::chrono::milliseconds(20)).ok());
  ADD_FAILURE() << "container stayed " << last.state.status << ", exit code "
                << last.state.exit_code << ", restarts " << last.restart_count;
  return last;
}

std::string ConformanceTest::Collect(OutputStream* stream, std::string* errors) {
  std::string out;
  while (true) {
    auto frame = stream->Next();
    if (!frame.ok()) {
      ADD_FAILURE() << frame.error().message;
      return out;
    }
    if (!*frame) return out;
    std::string* to = (*frame)->channel == OutputChannel::kStderr ? errors : &out;
    if (to != nullptr) *to += (*frame)->bytes;
  }
}

bool RegisterConformance(const ConformanceEngine& engine) {
  for (const ConformanceCases& part :
       {ContainerCases(), ObjectCases(), StreamCases(), CallCases()}) {
    for (const ConformanceCase& c : part) {
      ::testing::RegisterTest(("EngineConformance/" + engine.name).c_str(), c.name.c_str(), nullptr,
                              nullptr, __FILE__, __LINE__,
                              [engine, c]() -> ::testing::Test* { return new Case(engine, c); });
    }
  }
  return true;
}

}  // namespace gantry::docker
