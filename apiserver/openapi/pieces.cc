#include "apiserver/openapi/pieces.h"

namespace gantry::apiserver::openapi {
namespace {

// The members of one section, in order; sizes are known before anything is copied.
class Section {
 public:
  explicit Section(std::string_view separator) : separator_(separator) {}

  // Returns where the piece will stand in the section. `piece` outlives this.
  PiecedDocument::Part Add(std::string_view piece) {
    if (piece.empty()) return {size_, 0};
    if (!pieces_.empty()) size_ += separator_.size();
    const PiecedDocument::Part part{size_, piece.size()};
    pieces_.push_back(piece);
    size_ += piece.size();
    return part;
  }
  size_t size() const { return size_; }
  void AppendTo(std::string* out) const {
    for (size_t i = 0; i < pieces_.size(); ++i) {
      if (i > 0) out->append(separator_);
      out->append(pieces_[i]);
    }
  }

 private:
  const std::string_view separator_;
  std::vector<std::string_view> pieces_;
  size_t size_ = 0;
};

const PiecedDocument::Parts* FindParts(const PiecedDocument* document, const ServedKind& kind) {
  if (document == nullptr) return nullptr;
  const auto it = document->parts.find(kind);
  return it == document->parts.end() ? nullptr : &it->second;
}

}  // namespace

std::shared_ptr<const PiecedDocument> Assemble(const std::vector<ServedKind>& kinds,
                                               const DocumentForm& form,
                                               const PiecedDocument* previous, std::string hash) {
  auto document = std::make_shared<PiecedDocument>();
  document->hash = std::move(hash);
  Section paths(form.separator), schemas(form.separator);
  paths.Add(form.common.paths);
  schemas.Add(form.common.schemas);
  std::vector<std::unique_ptr<Members>> made;  // stay where they are
  for (const ServedKind& kind : kinds) {
    PiecedDocument::Parts& parts = document->parts[kind];
    const PiecedDocument::Parts* const known = FindParts(previous, kind);
    if (known != nullptr) {
      const std::string_view body = previous->body;
      const PiecedDocument::Parts& was = *known;
      parts.paths = paths.Add(body.substr(was.paths.offset, was.paths.size));
      parts.schemas = schemas.Add(body.substr(was.schemas.offset, was.schemas.size));
    } else {
      made.push_back(std::make_unique<Members>(form.make(kind)));
      parts.paths = paths.Add(made.back()->paths);
      parts.schemas = schemas.Add(made.back()->schemas);
    }
  }
  std::string& body = document->body;
  const std::string before_paths = form.before_paths(paths.size());
  const std::string before_schemas = form.before_schemas(schemas.size());
  body.reserve(before_paths.size() + paths.size() + before_schemas.size() + schemas.size() +
               form.end.size());
  body += before_paths;
  const size_t paths_at = body.size();
  paths.AppendTo(&body);
  body += before_schemas;
  const size_t schemas_at = body.size();
  schemas.AppendTo(&body);
  body += form.end;
  for (auto& [kind, parts] : document->parts) {
    parts.paths.offset += paths_at;
    parts.schemas.offset += schemas_at;
  }
  return document;
}

}  // namespace gantry::apiserver::openapi
