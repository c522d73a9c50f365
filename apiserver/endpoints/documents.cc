#include "apiserver/endpoints/documents.h"

#include "apiserver/endpoints/status_writer.h"

namespace gantry::apiserver {
namespace {

// Clients ask in a few ways; one that makes up new ones does not fill the memory.
constexpr size_t kMaxDiscovered = 4096;

discovery::Definitions DefinitionsOf(const KindSet& set) {
  discovery::Definitions definitions;
  for (const auto& [resource, kind] : set.kinds) definitions.push_back(kind->definition);
  return definitions;
}

bool IsUnder(const std::string& path, const std::string& root) {
  return path.compare(0, root.size(), root) == 0 &&
         (path.size() == root.size() || path[root.size()] == '/');
}

}  // namespace

bool Documents::Serves(const std::string& path) {
  return IsUnder(path, "/api") || IsUnder(path, "/apis") || IsUnder(path, "/openapi");
}

Response Documents::Serve(const Request& request) {
  if (request.method != "GET" && request.method != "HEAD") {
    return ErrorResponse(Error(Code::kMethodNotAllowed,
                               "the server does not allow this method on the requested resource"));
  }
  return IsUnder(request.path, "/openapi") ? ServeOpenApi(request) : ServeDiscovery(request);
}

Response Documents::ServeDiscovery(const Request& request) {
  const Result<Discovered> document =
      Discover(request.path, std::string(request.headers.Get("Accept")));
  if (!document.ok()) return ErrorResponse(document.error());
  Response response;
  response.content_type = document->content_type;
  if (discovery::MatchesEtag(request.headers.Get("If-None-Match"), document->etag)) {
    response.status = 304;
  } else {
    response.shared_body = document->body;
  }
  response.headers.Set("Vary", "Accept");
  response.headers.Set("ETag", document->etag);
  return response;
}

Result<Documents::Discovered> Documents::Discover(const std::string& path,
                                                  const std::string& accept) {
  const std::shared_ptr<const KindSet> kinds = kinds_->Snapshot();
  const std::pair<std::string, std::string> key(path, accept);
  {
    MutexLock lock(&mu_);
    if (discovered_generation_ == kinds->generation) {
      const auto it = discovered_.find(key);
      if (it != discovered_.end()) return it->second;
    }
  }
  GANTRY_TRY_SET(discovery::Answer answer,
                 discovery::Serve(DefinitionsOf(*kinds), path, accept, "", &group_texts_));
  Discovered document{std::move(answer.content_type), std::move(answer.etag),
                      std::make_shared<const std::string>(std::move(answer.body))};
  MutexLock lock(&mu_);
  if (discovered_generation_ < kinds->generation || discovered_.size() >= kMaxDiscovered) {
    discovered_.clear();
  }
  discovered_generation_ = std::max(discovered_generation_, kinds->generation);
  if (discovered_generation_ == kinds->generation) discovered_[key] = document;
  return document;
}

Response Documents::ServeOpenApi(const Request& request) {
  Result<openapi::Answer> answer =
      CurrentSpec()->Serve(request.path, request.headers.Get("Accept"),
                           request.headers.Get("If-None-Match"), request.query.Get("hash"));
  if (!answer.ok()) return ErrorResponse(answer.error());
  Response response;
  response.status = answer->status;
  response.content_type = std::move(answer->content_type);
  if (answer->document) {
    response.shared_body =
        std::shared_ptr<const std::string>(answer->document, &answer->document->body);
  }
  response.headers.Set("Vary", "Accept");
  if (!answer->etag.empty()) response.headers.Set("ETag", std::move(answer->etag));
  response.headers.Set("Cache-Control",
                       answer->immutable ? "public, immutable" : "no-cache, private");
  return response;
}

std::shared_ptr<const openapi::Spec> Documents::CurrentSpec() {
  const std::shared_ptr<const KindSet> kinds = kinds_->Snapshot();
  MutexLock lock(&mu_);
  if (!spec_ || generation_ != kinds->generation) {
    spec_ = std::make_shared<const openapi::Spec>(DefinitionsOf(*kinds), spec_.get());
    generation_ = kinds->generation;
  }
  return spec_;
}

}  // namespace gantry::apiserver
