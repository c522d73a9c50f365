#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apis/machinery/base/json.h"
#include "apis/machinery/base/result.h"

// YAML text to JSON documents and back, with the scalar rules of Kubernetes' tools.
//
// Only an unquoted scalar changes its type:
//   null, ~, nothing                     null
//   true, True, TRUE, false ...          boolean; yes, no, on, off, y, n stay strings, as in
//   YAML 1.2 12, -3, +7, 0x1F, 0o17, 017, 0b101   integer (017 is octal: 15; 08 is no octal and so
//   8); digits
//                                        may be grouped with `_`
//   1.5, 1e3, .5                         number; a whole one becomes an integer (1.0 is 1)
//   anything else, dates included        string
// Quoted and block scalars are strings. `!!str`, `!!int`, `!!float`, `!!bool`, `!!null`, `!!map`
// and
// `!!seq` are obeyed, other tags are errors; so are .inf and .nan, which JSON cannot say.
// Keys are strings: `80: x` has the key "80", spelled as in the text.
// Everything here is a pure function, safe to call from any thread.
namespace gantry::yaml {

// Where something begins, both counted from 1; the column counts bytes.
struct Position {
  int line = 0;
  int column = 0;
};

// A key that its map had already. The last value wins.
struct DuplicateKey {
  std::string path;  // dotted, as in field errors: `spec.ports[0].name`
  Position at;
};

// The positions of a document's values, apart from the values. Empty for a text that was JSON.
class PositionTree {
 public:
  // The position of the value at a dotted path (`spec.template.ports[1]`, `labels[gantry.scale]`),
  // or of its nearest ancestor that exists; nothing when the tree is empty.
  std::optional<Position> Find(std::string_view path) const;

 private:
  friend class TreeBuilder;
  struct Node {
    Position at;
    bool is_list = false;
    std::vector<std::pair<std::string, uint32_t>> children;  // the key is empty in a list
  };
  std::vector<Node> nodes_;  // the first one is the root; an alias shares its anchor's node
};

struct YamlDocument {
  Json value;
  Position start;
  std::vector<DuplicateKey> duplicates;
  PositionTree positions;
};

// Levels of maps and lists that a document may have.
inline constexpr int kMaxDepth = 480;
// Keys and values of a document, before aliases are expanded.
inline constexpr size_t kMaxNodes = 200'000;

// The documents of a stream, without those that are empty. An error is kBadRequest and names the
// place: `yaml: line 3, column 7: ...`. Refused are also: invalid UTF-8, control characters, more
// than kMaxDepth levels or kMaxNodes, and aliases that expand the text out of proportion. Merge
// keys (`<<`) are resolved; keys written out win over merged ones.
Result<std::vector<YamlDocument>> ParseYaml(std::string_view text);

// Block style as kubectl prints it: sorted keys, list items not indented under their key, quotes
// only where a string would read as something else, `|` for strings of several lines. Ends with a
// newline. ParseYaml of the result gives `value` back.
std::string ToYaml(const Json& value);

// The value of an unquoted scalar by the rules above. Fails for .inf and .nan.
Result<Json> ResolvePlainScalar(const std::string& text);

}  // namespace gantry::yaml
