#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apis/machinery/base/json.h"
#include "tests/consistency/checker/history.h"
#include "tests/consistency/runner/server_process.h"

namespace gantry::consistency {

// The namespaces of a run.
inline constexpr const char* kScopes[] = {"cc-a", "cc-b"};

// `/api/v1/namespaces/cc-a/configmaps`; of all namespaces when `scope` is empty.
std::string MapsPath(const std::string& scope);

// ConfigMaps over one connection, which is made anew when it broke. Blocks; not thread-safe.
class Api {
 public:
  struct Answer {
    Outcome outcome = Outcome::kUnknown;
    Json body;
  };
  explicit Api(ServerProcess* server) : server_(server) {}

  // Waits for the server, so that the next request is for the one that runs now or for nobody.
  void Prepare() { Connection(); }

  Answer Request(std::string_view method, const std::string& target, const std::string& body = "",
                 std::string_view content_type = "application/json");

  // Sends the request of a watch; nullopt when there was no answer.
  std::optional<Outcome> OpenWatch(const std::string& target);
  // The next line of it; false at its end.
  bool NextLine(std::string* line);
  // Without any farewell.
  void Drop() { connection_.reset(); }

 private:
  // Null when the server was given up. One to a server that died stays until a request fails.
  apiserver::testing::TlsClient* Connection();

  ServerProcess* const server_;
  std::unique_ptr<apiserver::testing::TlsClient> connection_;
  std::string rest_;  // of a line of the watch
};

// What the history keeps of a ConfigMap.
Item ItemOf(const Json& object);
std::vector<Item> ItemsOf(const Json& list);
Revision RevisionOf(const Json& object);

}  // namespace gantry::consistency
