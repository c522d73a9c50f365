#pragma once

#include <map>
#include <memory>
#include <string>

#include "apis/machinery/base/thread_pool.h"
#include "apis/nodeproxy/node_streams.h"
#include "apiserver/auth/authenticator.h"
#include "apiserver/auth/authorizer.h"
#include "apiserver/gantry/address.h"
#include "apiserver/http/listener.h"
#include "apiserver/server/debug_page.h"

namespace gantry::program {

// Serves the logs and exec of a process of controllers to API servers, over mutual TLS, and its
// metrics and debug page to members of system:masters. Its certificate is of an authority of its
// own, made at the start and kept nowhere.
class StreamsServer {
 public:
  // `client_ca` issued the API servers' certificates. `streams` outlives the server.
  static Result<std::unique_ptr<StreamsServer>> Start(const Address& listen,
                                                      const std::string& client_ca,
                                                      nodeproxy::NodeStreams* streams);
  ~StreamsServer() { Stop(); }

  // Ends running streams; returns when no call into `streams` is running any more.
  void Stop();
  apiserver::DebugPage& debug() { return debug_; }
  // What the process's Lease says (rendezvous.h).
  const std::map<std::string, std::string>& annotations() const { return annotations_; }

 private:
  StreamsServer();

  const std::unique_ptr<apiserver::Authenticator> authenticator_;
  const std::unique_ptr<apiserver::Authorizer> authorizer_;
  apiserver::DebugPage debug_;
  std::unique_ptr<ThreadPool> pool_;
  std::unique_ptr<apiserver::Listener> listener_;
  std::map<std::string, std::string> annotations_;
};

}  // namespace gantry::program
