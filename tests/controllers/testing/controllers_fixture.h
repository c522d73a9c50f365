#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "controllers/runtime/manager.h"
#include "tests/envtest/envtest.h"

namespace gantry::testing {

// Looks every few milliseconds until `holds` is true; false when `ctx` ended first.
bool Eventually(const Context& ctx, const std::function<bool()>& holds);

// What a manager of controllers needs to work on `env`, which outlives it. Each controller is its
// own user.
runtime::Manager::Options ManagerOptions(EnvTest* env);

// A fixture for controllers against a whole API server in process: add controllers to `manager_` in
// the constructor, then `StartControllers`. They are the users that they are in the program; a test
// fails when one of them is refused something.
class ControllersTest : public ::testing::Test {
 protected:
  ControllersTest();
  ~ControllersTest() override;

  void StartControllers();
  // Waits for a state, for as long as a slow machine may need.
  static bool Eventually(const std::function<bool()>& holds);
  // The object, or a failed test and an empty one.
  static Object Must(Result<Object> result);
  bool Gone(const client::Resource& kind, const ObjectKey& key);

  EnvTest env_;
  client::Client client_;
  runtime::Manager manager_;

 private:
  const double denied_;
};

}  // namespace gantry::testing
