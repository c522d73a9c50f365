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
  // Of what the body is made of; equal ones stand for equal bodies, on every machine.
  std::string hash;
};
class PiecedDocument;
struct ServedKind;

struct Answer {
  int status = 200;  // or 304, without a body
  std::string content_type;
  std::string etag;
  bool immutable = false;  // the URL named the content's hash: may be cached for ever
  std::shared_ptr<const Document> document;  // null with 304
};

// The documents of one set of definitions; a new set makes a new Spec. Each document is made when
// first asked for, under a lock, and kept; the index needs none of them. Thread-safe.
class Spec {
 public:
  // What concerns definitions that are the same ones as in `previous` (may be null) is taken over
  // from it: whole documents, or their parts.
  explicit Spec(const Definitions& definitions, const Spec* previous = nullptr);
  ~Spec();

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
  enum Form { kAsJson, kAsProtobuf };
  std::shared_ptr<const Document> V2(Form form) const;
  // What the documents of these kinds are made of.
  std::string HashOf(const std::vector<ServedKind>& kinds, const char* form) const;

  // Constant after construction.
  std::vector<ServedKind> all_;
  std::map<GroupVersion, std::vector<ServedKind>> versions_;
  std::map<std::shared_ptr<const schema::Definition>, std::string> fingerprints_;
  std::map<GroupVersion, std::string> hashes_;

  mutable Mutex mu_;
  // Documents, and those of the previous Spec whose parts can be used.
  mutable std::map<GroupVersion, std::shared_ptr<const PiecedDocument>> v3_ GUARDED_BY(mu_);
  mutable std::map<GroupVersion, std::shared_ptr<const PiecedDocument>> old_v3_ GUARDED_BY(mu_);
  mutable std::shared_ptr<const PiecedDocument> v2_[2] GUARDED_BY(mu_);
  mutable std::shared_ptr<const PiecedDocument> old_v2_[2] GUARDED_BY(mu_);
  mutable std::shared_ptr<const Document> index_ GUARDED_BY(mu_);
};

}  // namespace gantry::apiserver::openapi
