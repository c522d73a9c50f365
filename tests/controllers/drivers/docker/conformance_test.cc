#include "controllers/drivers/docker/conformance/conformance.h"

#include <gtest/gtest.h>

#include "tests/controllers/drivers/docker/stub_fixture.h"

namespace gantry::docker {
namespace {

// One stub for all cases, as a real engine would be.
StubFixture* Shared() {
  static StubFixture fixture;
  return &fixture;
}

const bool kRegistered = RegisterConformance({"Stub", [] { return Shared()->Connect(); }});

}  // namespace
}  // namespace gantry::docker
