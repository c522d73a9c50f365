#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "apis/client/transport.h"
#include "kubectl-plugin/cli.h"

namespace gantry::kubectl {

// Answers requests with canned documents and remembers them. Answers to the same request are given
// in order; the last one stays.
class FakeServer : public client::Transport {
 public:
  FakeServer();
  // `request`: `GET /api/v1/namespaces?limit=500`.
  void On(const std::string& request, int status, const std::string& body);

  Result<client::HttpResponse> Do(const Context&, const client::HttpRequest& request) override;
  Result<client::StreamResponse> Stream(const Context&,
                                        const client::HttpRequest& request) override;
  Result<std::unique_ptr<client::WebSocket>> Connect(const Context&,
                                                     const client::HttpRequest& request,
                                                     const std::vector<std::string>&) override;

  std::vector<client::HttpRequest> requests;
  std::vector<std::string> frames;  // what a WebSocket receives

 private:
  std::pair<int, std::string> Answer(const client::HttpRequest& request);
  std::map<std::string, std::deque<std::pair<int, std::string>>> answers_;
};

// One run of the CLI against a server.
struct CliRun {
  CliRun(const std::shared_ptr<FakeServer>& server, const std::vector<std::string>& arguments,
         const std::string& input = "");
  int code;
  std::string out, err;
};

}  // namespace gantry::kubectl
