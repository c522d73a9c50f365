#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "apiserver/openapi/openapi.h"

// Documents of many kinds, of which few change at a time: each kind's part is made once, and copied
// from document to document while the kind stays the same.
namespace gantry::apiserver::openapi {

// A kind in one of its versions.
struct ServedKind {
  std::shared_ptr<const schema::Definition> definition;
  const schema::Version* version;  // of the definition
  auto operator<=>(const ServedKind&) const = default;
};

// The members of `paths` and of the schemas that a kind adds to a document.
struct Members {
  std::string paths;
  std::string schemas;
};

class PiecedDocument : public Document {
 public:
  struct Part {
    size_t offset = 0;
    size_t size = 0;
  };
  struct Parts {
    Part paths;
    Part schemas;
  };
  std::map<ServedKind, Parts> parts;
};

// How the parts become a document.
struct DocumentForm {
  std::function<Members(const ServedKind& kind)> make;
  Members common;         // members that always are there, before those of kinds
  std::string separator;  // between members
  // What stands before `size` bytes of paths, between them and `size` bytes of schemas, and at the
  // end.
  std::function<std::string(size_t size)> before_paths;
  std::function<std::string(size_t size)> before_schemas;
  std::string end;
};

// `previous` (may be null) is a document of the same form.
std::shared_ptr<const PiecedDocument> Assemble(const std::vector<ServedKind>& kinds,
                                               const DocumentForm& form,
                                               const PiecedDocument* previous, std::string hash);

}  // namespace gantry::apiserver::openapi
