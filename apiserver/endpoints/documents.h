#pragma once

#include <map>
#include <memory>

#include "apiserver/discovery/discovery.h"
#include "apiserver/endpoints/endpoints.h"
#include "apiserver/openapi/openapi.h"

namespace gantry::apiserver {

// Discovery and OpenAPI: documents about the kinds that are served right now. Thread-safe.
class Documents {
 public:
  explicit Documents(const KindRegistry* kinds) : kinds_(kinds) {}

  // /api, /apis, /openapi and what is below them.
  static bool Serves(const std::string& path);
  Response Serve(const Request& request);

 private:
  struct Discovered {
    std::string content_type;
    std::string etag;
    std::shared_ptr<const std::string> body;
  };
  Response ServeDiscovery(const Request& request);
  // The whole document; kept until the kinds change.
  Result<Discovered> Discover(const std::string& path, const std::string& accept);
  Response ServeOpenApi(const Request& request);
  std::shared_ptr<const openapi::Spec> CurrentSpec();

  const KindRegistry* const kinds_;
  discovery::GroupTexts group_texts_;
  Mutex mu_;
  uint64_t discovered_generation_ GUARDED_BY(mu_) = 0;
  std::map<std::pair<std::string, std::string>, Discovered> discovered_ GUARDED_BY(mu_);
  uint64_t generation_ GUARDED_BY(mu_) = 0;  // of the kinds that spec_ is about
  std::shared_ptr<const openapi::Spec> spec_ GUARDED_BY(mu_);
};

}  // namespace gantry::apiserver
