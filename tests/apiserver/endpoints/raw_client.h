#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/envtest/envtest.h"

namespace gantry::testing {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

struct RawAnswer {
  int status = 0;
  Json body;  // null when it is not JSON
  std::string text;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string header(const std::string& name) const;
};

// HTTP as a client that is not ours would speak it.
class RawClient {
 public:
  explicit RawClient(EnvTest* env) : transport_(env->Transport()) {}
  explicit RawClient(const apiserver::ApiServer& server)
      : transport_(server.InProcess(testing::EnvTest::Administrator())) {}
  // As somebody who is not in system:masters.
  RawClient(EnvTest* env, apiserver::User user) : transport_(env->TransportAs(std::move(user))) {}
  RawAnswer Do(const std::string& method, const std::string& target, const std::string& body = "",
               HeaderList headers = {}) const;
  RawAnswer Get(const std::string& target, HeaderList headers = {}) const {
    return Do("GET", target, "", std::move(headers));
  }
  // The lines of a stream up to its end, or the first `count`.
  std::vector<Json> Lines(const std::string& target, size_t count, HeaderList headers = {}) const;

 private:
  std::shared_ptr<client::Transport> transport_;
};

// A ConfigMap in `default`, as a body.
std::string ConfigMapBody(const std::string& name, const std::string& labels_json = "{}");
extern const char* const kConfigMapsPath;
// Creates the kind widgets.example.com: spec{color,replicas,ports[]}, status, scale.
void InstallWidgets(const RawClient& raw);
extern const char* const kWidgetsPath;
extern const char* const kWidgetCrd;

}  // namespace gantry::testing
