#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "apis/machinery/base/context.h"
#include "apis/machinery/base/result.h"

// How the API client reaches an API server: over HTTPS (apis/machinery/http), or in process through
// the server's own filter chain (apiserver/server). Both behave the same.
namespace gantry::client {

struct HttpRequest {
  std::string method;
  std::string target;  // path and query, encoded: `/api/v1/namespaces?limit=500`
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

struct HttpResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

// The body of a streaming answer. Read from one thread; Close from any.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // The next bytes; empty at the end of the stream. Blocks. kCancelled after Close.
  virtual Result<std::string> Read() = 0;
  virtual void Close() = 0;
};

struct StreamResponse {
  int status = 0;
  std::string error_body;  // whole body when status >= 300, and then no stream
  std::unique_ptr<ByteStream> stream;
};

// One WebSocket connection. Receive from one thread; Send and Close from any.
class WebSocket {
 public:
  virtual ~WebSocket() = default;
  virtual Status Send(std::string frame, bool binary) = 0;
  // The next frame; kCancelled at the close of either side.
  virtual Result<std::string> Receive() = 0;
  virtual void Close() = 0;
  virtual std::string protocol() const = 0;  // the subprotocol that the server chose
};

// Thread-safe. A failure to reach the server is kUnavailable; HTTP errors are answers.
class Transport {
 public:
  virtual ~Transport() = default;
  // The server, as metrics name it: its host and port.
  virtual std::string host() const { return "in-process"; }
  virtual Result<HttpResponse> Do(const Context& ctx, const HttpRequest& request) = 0;
  // Returns when the header of the answer arrived. Cancelling `ctx` closes the stream.
  virtual Result<StreamResponse> Stream(const Context& ctx, const HttpRequest& request) = 0;
  virtual Result<std::unique_ptr<WebSocket>> Connect(const Context& ctx, const HttpRequest& request,
                                                     const std::vector<std::string>& protocols) = 0;
};

}  // namespace gantry::client
