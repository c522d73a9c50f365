#include "apiserver/server/api_server.h"

#include "apiserver/server/in_process_transport.h"
#include "apiserver/server/nonresource.h"

namespace gantry::apiserver {

ApiServer::ApiServer(store::Store* store, const Options& options)
    : authorizer_(NewMastersAuthorizer()),
      core_(store, options.core),
      backup_(store, options.backup_scratch) {
  health_.Add("ping", false, [] { return OkStatus(); });
  health_.Add("store", true, [store] { return store->Health(); });
  health_.Add("caches", true, [this] { return core_.Ready(); });
  FilterConfig filters;
  filters.authenticator = options.authenticator;
  filters.authorizer = authorizer_.get();
  filters.in_flight = options.in_flight;
  chain_ = BuildFilterChain(WithNonResourcePaths(core_.handler(), &health_, &backup_), filters);
}

std::shared_ptr<client::Transport> ApiServer::InProcess(const std::string& name) const {
  User user;
  user.name = name;
  user.groups = {"system:masters"};
  return NewInProcessTransport(chain_, std::move(user));
}

}  // namespace gantry::apiserver
