#pragma once

#include <memory>
#include <string>

#include "apis/client/client.h"
#include "apiserver/server/api_server.h"
#include "store/store.h"

// A whole API server in the test's process, with all filters, on a store in memory, without
// listener:
//
//   EnvTest env;
//   client::Client c = env.Client("test");
//   auto made = c.Create({}, resource, object);
//
// Everything is gone when it is destroyed; end informers and watches before.
namespace gantry::testing {

class EnvTest {
 public:
  // Somebody in system:masters.
  static apiserver::User Administrator() { return {"test", "", {"system:masters"}, {}}; }
  // Aborts the test program when the server does not start. `streams`: for logs and exec.
  explicit EnvTest(nodeproxy::NodeStreams* streams = nullptr);
  EnvTest(Clock* clock, Random* random, nodeproxy::NodeStreams* streams);
  ~EnvTest();

  // A client of a user in system:masters; `manager` is its field manager, too.
  client::Client Client(const std::string& manager);
  std::shared_ptr<client::Transport> Transport() { return server_->InProcess(Administrator()); }
  // Somebody else's way in: roles and bindings say what they may do.
  std::shared_ptr<client::Transport> TransportAs(apiserver::User user);

  // The way of a connection: requests show their credentials, such as ServiceAccounts' tokens.
  const apiserver::Handler& handler() const { return server_->handler(); }

  apiserver::ApiCore& core() { return server_->core(); }
  store::Store& store() { return *store_; }

  // Creates a namespace and returns its name.
  std::string MakeNamespace(const std::string& name);

 private:
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<const apiserver::ServiceAccountTokens> tokens_;
  std::unique_ptr<apiserver::ApiServer> server_;
};

}  // namespace gantry::testing
