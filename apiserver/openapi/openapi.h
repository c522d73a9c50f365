#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apis/machinery/base/mutex.h"
#include "apis/machinery/schema/definition.h"

// The OpenAPI documents of everything that is served: what `kubectl explain`, the validation of
// `kubectl apply`, Argo CD and Terraform read.
namespace gantry::apiserver::openapi {

using Definitions = std::vector<std::shared_ptr<const schema::Definition>>;

// Content types of PATCH that the server takes.
const std::vector<std::string>& ServedPatchTypes();

struct Document {
  std::string body;
  std::string hash;  // of the body; equal bodies have equal hashes on every machine
};

struct Answer {
  int status = 200;  // or 304, without a body
  std::string content_type;
  std::string etag;
  bool immutable = false;  // the URL named the content's hash: may be cached for ever
  std::shared_ptr<const Document> document;  // null with 304
};

// The documents of one set of definitions; a new set makes a new Spec. Each document is made when
// first asked for (milliseconds, under a lock) and kept. Thread-safe.
class Spec {
 public:
  // Documents of group versions whose definitions are the same ones as in `previous` (may be null)
  // are taken over from it.
  explicit Spec(Definitions definitions, const Spec* previous = nullptr);

  // GET /openapi/v3: where each group version's document is.
  std::shared_ptr<const Document> Index() const;
  // GET /openapi/v3/api/v1, /openapi/v3/apis/{group}/{version}; null when nothing serves it.
  std::shared_ptr<const Document> V3(const GroupVersion& gv) const;
  // GET /openapi/v2: one document for all, as JSON and in gnostic's binary form.
  std::shared_ptr<const Document> V2Json() const;
  std::shared_ptr<const Document> V2Protobuf() const;

  // Answers GET of those paths. `accept` and `if_none_match` are the headers and `hash` the query
  // parameter, empty when absent. kNotFound for other paths, kNotAcceptable when the client takes
  // nothing that is served.
  Result<Answer> Serve(std::string_view path, std::string_view accept,
                       std::string_view if_none_match, std::string_view hash) const;

 private:
  std::shared_ptr<const Document> V3Locked(const GroupVersion& gv) const REQUIRES(mu_);
  std::shared_ptr<const Document> V2JsonLocked() const REQUIRES(mu_);

  const Definitions definitions_;
  std::map<GroupVersion, Definitions> versions_;  // who serves each; constant after construction
  mutable Mutex mu_;
  mutable std::map<GroupVersion, std::shared_ptr<const Document>> v3_ GUARDED_BY(mu_);
  mutable std::shared_ptr<const Document> index_ GUARDED_BY(mu_);
  mutable std::shared_ptr<const Document> v2_json_ GUARDED_BY(mu_);
  mutable std::shared_ptr<const Document> v2_protobuf_ GUARDED_BY(mu_);
};

}  // namespace gantry::apiserver::openapi
