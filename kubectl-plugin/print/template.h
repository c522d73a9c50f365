#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apis/machinery/base/json.h"

namespace gantry::kubectl {

// A `-o jsonpath=` template: text with `{path}`, `{"text"}` and `{range path}...{end}`. Values of
// one path are joined by a space; maps and lists are printed as JSON. Immutable.
class JsonPathTemplate {
 public:
  // Also takes a bare path without braces, as kubectl does. Local errors.
  static Result<JsonPathTemplate> Parse(const std::string& text);
  std::string Render(const Json& document) const;

 private:
  struct Piece;
  static Result<std::vector<std::shared_ptr<const Piece>>> ParsePieces(std::string_view* rest,
                                                                       int depth);
  static void RenderPieces(const std::vector<std::shared_ptr<const Piece>>& pieces,
                           const Json& document, std::string* out);
  std::vector<std::shared_ptr<const Piece>> pieces_;
};

}  // namespace gantry::kubectl
