#include "controllers/drivers/docker/conformance/conformance.h"

#include <gtest/gtest.h>

#include "tests/engine/fixture/real_engine.h"

namespace gantry::docker {
namespace {

std::unique_ptr<RealEngine> shared;

// One daemon for all cases, ended before main returns.
class SharedEngine : public ::testing::Environment {
 public:
  void SetUp() override {
    ASSERT_TRUE(RealEngine::Available()) << "needs root, dockerd, docker and busybox";
    shared = std::make_unique<RealEngine>();
  }
  void TearDown() override { shared.reset(); }
};

const bool kRegistered = (::testing::AddGlobalTestEnvironment(new SharedEngine),
                          RegisterConformance({"Real", [] { return shared->Connect(); }}));

}  // namespace
}  // namespace gantry::docker
