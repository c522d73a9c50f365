#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "apis/machinery/base/check.h"
#include "controllers/drivers/docker/docker.h"
#include "controllers/drivers/docker/testing/stub_engine.h"

namespace gantry::docker {

// A stub engine with the sample image, on a socket in a directory of its own.
class StubFixture {
 public:
  StubFixture() {
    char path[] = "/tmp/gantry-stub-XXXXXX";
    GANTRY_CHECK(mkdtemp(path) != nullptr);
    dir_ = path;
    auto started = StubEngine::Start(dir_ + "/docker.sock");
    GANTRY_CHECK(started.ok());
    stub = *std::move(started);
    stub->AddImage("gantry/sample-web:1.0");
  }
  ~StubFixture() {
    stub.reset();
    rmdir(dir_.c_str());
  }

  Result<std::unique_ptr<Engine>> Connect(Duration call_timeout = std::chrono::seconds(60)) {
    EngineOptions options;
    options.endpoint = stub->endpoint();
    options.call_timeout = call_timeout;
    return NewEngine(options);
  }

  std::unique_ptr<StubEngine> stub;

 private:
  std::string dir_;
};

}  // namespace gantry::docker
