#include "tests/controllers/testing/controllers_fixture.h"

#include "apiserver/filters/metrics.h"

namespace gantry::testing {

using namespace std::chrono_literals;

bool Eventually(const Context& ctx, const std::function<bool()>& holds) {
  while (!holds()) {
    if (!ctx.SleepFor(5ms).ok()) return false;
  }
  return true;
}

runtime::Manager::Options ManagerOptions(EnvTest* env) {
  runtime::Manager::Options options;
  options.transport = [env](const std::string& user) {
    return env->TransportAs({user, "", {"system:gantry:controllers"}, {}});
  };
  return options;
}

ControllersTest::ControllersTest()
    : client_(env_.Client("test")),
      manager_(ManagerOptions(&env_)),
      denied_(apiserver::DeniedControllers()) {}

ControllersTest::~ControllersTest() {
  manager_.Stop();
  EXPECT_EQ(apiserver::DeniedControllers(), denied_) << "a controller's role lacks a right";
}

void ControllersTest::StartControllers() {
  const Status started = manager_.Start(Context().WithTimeout(30s));
  EXPECT_TRUE(started.ok()) << (started.ok() ? "" : started.error().message);
}

bool ControllersTest::Eventually(const std::function<bool()>& holds) {
  return testing::Eventually(Context().WithTimeout(30s), holds);
}

Object ControllersTest::Must(Result<Object> result) {
  EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().message);
  return result.ok() ? *std::move(result) : Object();
}

bool ControllersTest::Gone(const client::Resource& kind, const ObjectKey& key) {
  const auto got = client_.Get({}, kind, key);
  return !got.ok() && got.code() == Code::kNotFound;
}

}  // namespace gantry::testing
