#pragma once

#include <gtest/gtest.h>

#include "tests/apiserver/endpoints/raw_client.h"

namespace gantry::testing {

// A server, a client that is not ours, and ConfigMaps in `default`.
class ConfigMapFixture : public ::testing::Test {
 protected:
  EnvTest env_;
  RawClient raw_{&env_};
  const std::string path_ = kConfigMapsPath;

  void Make(const std::string& name, const std::string& labels = "{}") {
    const RawAnswer made = raw_.Do("POST", path_, ConfigMapBody(name, labels));
    ASSERT_EQ(made.status, 201) << made.text;
  }
  // Of a list of them now.
  std::string Revision() {
    return raw_.Get(path_).body["metadata"]["resourceVersion"].get<std::string>();
  }
};

}  // namespace gantry::testing
