#include "kubectl-plugin/print/template.h"

#include <fmt/format.h>

#include "apis/machinery/schema/json_path.h"
#include "kubectl-plugin/errors.h"

namespace gantry::kubectl {
namespace {

constexpr int kMaxRanges = 32;

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// The end of an expression that began after `{`: its `}` outside quotes and brackets.
size_t FindEnd(std::string_view text) {
  char quote = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote) {
      if (c == '\\') {
        ++i;
      } else if (c == quote) {
        quote = 0;
      }
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '}') {
      return i;
    }
  }
  return std::string_view::npos;
}

// The text of a quoted literal, with \n, \t and \" resolved.
std::string Unquote(std::string_view literal) {
  std::string out;
  for (size_t i = 1; i + 1 < literal.size(); ++i) {
    if (literal[i] != '\\' || i + 2 >= literal.size()) {
      out += literal[i];
      continue;
    }
    const char c = literal[++i];
    out += c == 'n' ? '\n' : c == 't' ? '\t' : c;
  }
  return out;
}

std::string ValueText(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() ? "" : DumpJson(value);
}

}  // namespace

struct JsonPathTemplate::Piece {
  std::string text;  // when there is no path
  std::optional<schema::JsonPath> path;
  bool is_range = false;
  std::vector<std::shared_ptr<const Piece>> body;  // of a range
};

Result<std::vector<std::shared_ptr<const JsonPathTemplate::Piece>>> JsonPathTemplate::ParsePieces(
    std::string_view* rest, int depth) {
  std::vector<std::shared_ptr<const Piece>> pieces;
  if (depth > kMaxRanges) return LocalError("jsonpath: too many nested ranges");
  while (!rest->empty()) {
    auto piece = std::make_shared<Piece>();
    if (rest->front() != '{') {
      const size_t end = std::min(rest->find('{'), rest->size());
      piece->text = std::string(rest->substr(0, end));
      rest->remove_prefix(end);
      pieces.push_back(std::move(piece));
      continue;
    }
    rest->remove_prefix(1);
    const size_t end = FindEnd(*rest);
    if (end == std::string_view::npos)
      return LocalError("jsonpath: unclosed action: a } is missing");
    std::string_view action = Trim(rest->substr(0, end));
    rest->remove_prefix(end + 1);
    if (action == "end") {
      if (depth == 0) return LocalError("jsonpath: {end} without {range}");
      return pieces;
    }
    if (!action.empty() && (action.front() == '"' || action.front() == '\'')) {
      piece->text = Unquote(action);
      pieces.push_back(std::move(piece));
      continue;
    }
    piece->is_range = action.substr(0, 6) == "range ";
    if (piece->is_range) action = Trim(action.substr(6));
    const std::string path = action == "@" || action == "." ? "" : std::string(action);
    if (!path.empty()) {
      auto parsed = schema::JsonPath::Parse(path[0] == '@' ? path.substr(1) : path);
      if (!parsed.ok()) return LocalError("jsonpath: " + parsed.error().message);
      piece->path = *std::move(parsed);
    } else {
      GANTRY_TRY_SET(piece->path, schema::JsonPath::Parse("$").Wrap("error: jsonpath"));
    }
    if (piece->is_range) {
      GANTRY_TRY_SET(piece->body, ParsePieces(rest, depth + 1));
    }
    pieces.push_back(std::move(piece));
  }
  if (depth > 0) return LocalError("jsonpath: {range} without {end}");
  return pieces;
}

Result<JsonPathTemplate> JsonPathTemplate::Parse(const std::string& text) {
  std::string whole = text;
  if (text.find('{') == std::string::npos) {
    whole =
        "{" + std::string(text.empty() || text[0] == '.' || text[0] == '$' ? "" : ".") + text + "}";
  }
  std::string_view rest = whole;
  JsonPathTemplate out;
  GANTRY_TRY_SET(out.pieces_, ParsePieces(&rest, 0));
  return out;
}

void JsonPathTemplate::RenderPieces(const std::vector<std::shared_ptr<const Piece>>& pieces,
                                    const Json& document, std::string* out) {
  for (const auto& piece : pieces) {
    if (!piece->path) {
      *out += piece->text;
      continue;
    }
    bool first = true;
    for (const Json* match : piece->path->Find(document)) {
      if (piece->is_range) {
        RenderPieces(piece->body, *match, out);
        continue;
      }
      if (!std::exchange(first, false)) *out += ' ';
      *out += ValueText(*match);
    }
  }
}

std::string JsonPathTemplate::Render(const Json& document) const {
  std::string out;
  RenderPieces(pieces_, document, &out);
  return out;
}

}  // namespace gantry::kubectl
