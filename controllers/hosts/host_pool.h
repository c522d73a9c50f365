#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "apis/client/client.h"
#include "apis/gantry.dev/v1/types.h"
#include "apis/machinery/base/mutex.h"
#include "controllers/drivers/docker/docker.h"
#include "controllers/runtime/store.h"

namespace gantry::hosts {

using EngineFactory =
    std::function<Result<std::unique_ptr<docker::Engine>>(docker::EngineOptions options)>;

// The engines of all Nodes: one connection object per Node, made anew when its endpoint or its
// credentials change. Whoever holds an engine may go on using it after that. Thread-safe.
class HostPool {
 public:
  // `nodes` outlives the pool. `client` reads the Secrets that nodes name.
  HostPool(client::Client client, const runtime::Lister* nodes, EngineFactory factory)
      : client_(std::move(client)), nodes_(nodes), factory_(std::move(factory)) {}

  // The engine of a Node. kNotFound when there is no such Node; kInvalid or the API's error when
  // its endpoint or credentials cannot be used. Does not talk to the engine; reads the Secret at
  // the first call, and again with `refresh`.
  Result<std::shared_ptr<docker::Engine>> EngineOf(const Context& ctx, const std::string& node,
                                                   bool refresh = false);
  // The engines there are, at most `limit` of them, for the debug page.
  Json Describe(size_t limit) const;
  // Forgets a Node that is gone.
  void Drop(const std::string& node);
  bool NodeExists(const std::string& node) const { return nodes_->Get({"", node}) != nullptr; }

 private:
  struct Host {
    v1::NodeSpec spec;
    std::string credentials;  // what the engine was made with
    std::shared_ptr<docker::Engine> engine;
  };
  Result<docker::EngineOptions> OptionsOf(const Context& ctx, const v1::NodeSpec& spec) const;

  const client::Client client_;
  const runtime::Lister* const nodes_;
  const EngineFactory factory_;

  mutable Mutex mu_;
  std::map<std::string, Host> hosts_ GUARDED_BY(mu_);
};

// The address at which published ports of a Node answer: the host of its endpoint, or loopback for
// a unix socket.
std::string AddressOf(const v1::NodeSpec& spec);

}  // namespace gantry::hosts
