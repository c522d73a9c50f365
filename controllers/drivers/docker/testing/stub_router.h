#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "controllers/drivers/docker/testing/stub_state.h"

namespace gantry::docker {

struct StubRequest {
  std::string method;
  std::string target;
  std::string body;
  std::string api_version;  // of this engine
};

struct StubReply {
  StubAnswer answer;
  bool streamed = false;  // all was written already, and the connection ends
};

// The raw connection, for answers that are streams.
class StubWriter {
 public:
  virtual ~StubWriter() = default;
  // False when the peer has gone.
  virtual bool Raw(std::string_view bytes) = 0;
  // Of a hijacked connection; empty at its end.
  virtual std::string ReadInput() = 0;
  virtual const std::atomic<bool>* closing() const = 0;
};

// Finds what a request means and does it.
StubReply RouteStubRequest(StubState* state, const StubRequest& request, StubWriter* writer);

}  // namespace gantry::docker
