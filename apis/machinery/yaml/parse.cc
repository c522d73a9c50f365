#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <iterator>
#include <map>
#include <streambuf>

#include "apis/machinery/base/json_slice.h"
#include "apis/machinery/yaml/yaml.h"

namespace gantry::yaml {
namespace {

// What aliases may add to a document: values, and bytes of text in them. Enough for any real use,
// and too little for a text that doubles itself at every line.
constexpr size_t kMaxExpandedNodes = 300'000;
constexpr size_t kMaxExpandedBytes = 16 << 20;

Error At(Position at, std::string_view message) {
  return Error(Code::kBadRequest,
               fmt::format("yaml: line {}, column {}: {}", at.line, at.column, message));
}

Position ToPosition(const YAML::Mark& mark) {
  return mark.is_null() ? Position{1, 1} : Position{mark.line + 1, mark.column + 1};
}

// One value as it stands in the text. Aliases are edges to the anchor's node.
struct RawNode {
  enum class Kind { kNull, kScalar, kMap, kList };
  Kind kind = Kind::kNull;
  Position at;
  bool open = false;  // its end was not seen yet
  bool plain = false;
  std::string tag;
  std::string text;
  std::vector<uint32_t> children;  // of a map: key, value, key, value
};

// A problem that the event handler found; thrown through the parser, caught in ParseYaml.
struct Refused {
  Position at;
  std::string message;
};

// The length of the UTF-8 sequence at text[i], 0 when it is none.
size_t SequenceLength(std::string_view text, size_t i) {
  const auto byte = [&](size_t k) { return static_cast<unsigned char>(text[k]); };
  const unsigned char c = byte(i);
  const size_t length = c < 0x80             ? 1
                        : (c & 0xE0) == 0xC0 ? 2
                        : (c & 0xF0) == 0xE0 ? 3
                        : (c & 0xF8) == 0xF0 ? 4
                                             : 0;
  if (length == 0 || i + length > text.size()) return 0;
  uint32_t point = length == 1 ? c : c & (0x7F >> length);
  for (size_t k = 1; k < length; ++k) {
    if ((byte(i + k) & 0xC0) != 0x80) return 0;
    point = (point << 6) | (byte(i + k) & 0x3F);
  }
  constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (point < kLeast[length] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return 0;
  return length;
}

// The parser turns the escapes `\N` and `\_` into bytes 0x85 and 0xA0, which are no UTF-8; their
// characters are meant.
std::string RepairEscapes(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const size_t length = SequenceLength(text, i);
    if (length == 0) out += '\xC2';
    out += text.substr(i, std::max<size_t>(length, 1));
    i += std::max<size_t>(length, 1);
  }
  return out;
}

// Collects one document's events into nodes.
class Collector : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override { start = ToPosition(mark); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Leave(Enter(RawNode::Kind::kNull, mark, "", anchor));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const uint32_t id = anchors_.at(anchor);
    if (nodes[id].open) throw Refused{ToPosition(mark), "an anchor contains itself"};
    Attach(id);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const uint32_t id = Enter(RawNode::Kind::kScalar, mark, tag, anchor);
    nodes[id].plain = tag == "?";
    nodes[id].text = RepairEscapes(value);
    Leave(id);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(Enter(RawNode::Kind::kList, mark, tag, anchor));
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(Enter(RawNode::Kind::kMap, mark, tag, anchor));
  }
  void OnMapEnd() override { Close(); }

  Position start;
  std::vector<RawNode> nodes;  // the root is the first one

 private:
  uint32_t Enter(RawNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
                 YAML::anchor_t anchor) {
    const auto id = static_cast<uint32_t>(nodes.size());
    if (nodes.size() >= kMaxNodes) {
      throw Refused{ToPosition(mark),
                    fmt::format("the document has more than {} keys and values", kMaxNodes)};
    }
    RawNode& n = nodes.emplace_back();
    n.kind = kind;
    n.at = ToPosition(mark);
    n.open = true;
    if (tag != "?" && tag != "!") n.tag = tag;
    if (anchor != YAML::NullAnchor) {
      if (anchors_.size() <= anchor) anchors_.resize(anchor + 1);
      anchors_[anchor] = id;
    }
    Attach(id);
    return id;
  }
  void Leave(uint32_t id) { nodes[id].open = false; }
  void Attach(uint32_t id) {
    if (!stack_.empty()) nodes[stack_.back()].children.push_back(id);
  }
  void Open(uint32_t id) {
    if (static_cast<int>(stack_.size()) >= kMaxDepth) {
      throw Refused{nodes[id].at, fmt::format("nested deeper than {} levels", kMaxDepth)};
    }
    stack_.push_back(id);
  }
  void Close() {
    Leave(stack_.back());
    stack_.pop_back();
  }

  std::vector<uint32_t> stack_;
  std::vector<uint32_t> anchors_;
};

std::string JoinPath(const std::string& parent, const std::string& key) {
  if (key.find('.') != std::string::npos) return parent + "[" + key + "]";
  return parent.empty() ? key : parent + "." + key;
}

}  // namespace

// Turns collected nodes into a document: aliases expanded, merge keys resolved, positions noted.
class TreeBuilder {
 public:
  TreeBuilder(std::vector<RawNode>& nodes, YamlDocument& out) : nodes_(nodes), out_(out) {}

  void Build() {
    out_.positions.nodes_.resize(nodes_.size());
    for (size_t i = 0; i < nodes_.size(); ++i) {
      out_.positions.nodes_[i].at = nodes_[i].at;
      text_bytes_ += nodes_[i].text.size();
    }
    placed_.assign(nodes_.size(), false);
    out_.value = Value(0, "", 0);
  }

 private:
  Json Value(uint32_t id, const std::string& path, int depth) {
    RawNode& n = nodes_[id];
    if (depth > kMaxDepth)
      throw Refused{n.at, fmt::format("nested deeper than {} levels", kMaxDepth)};
    expanded_bytes_ += n.text.size();
    if (++expanded_ > kMaxExpandedNodes + nodes_.size() ||
        expanded_bytes_ > kMaxExpandedBytes + text_bytes_) {
      throw Refused{n.at, "the document's aliases expand to too much"};
    }
    const bool first = !placed_[id];
    placed_[id] = true;
    switch (n.kind) {
      case RawNode::Kind::kNull: return nullptr;
      case RawNode::Kind::kScalar: return Scalar(n);
      case RawNode::Kind::kList: {
        CheckTag(n, "seq");
        Json list = Json::array();
        if (first) out_.positions.nodes_[id].is_list = true;
        for (size_t i = 0; i < n.children.size(); ++i) {
          if (first) out_.positions.nodes_[id].children.emplace_back("", n.children[i]);
          list.push_back(Value(n.children[i], fmt::format("{}[{}]", path, i), depth + 1));
        }
        return list;
      }
      case RawNode::Kind::kMap: CheckTag(n, "map"); return Map(id, path, depth, first);
    }
    return nullptr;
  }

  Json Map(uint32_t id, const std::string& path, int depth, bool first) {
    const RawNode& n = nodes_[id];
    Json map = Json::object();
    std::vector<uint32_t> merged;
    for (size_t i = 0; i + 1 < n.children.size(); i += 2) {
      const RawNode& key = nodes_[n.children[i]];
      const uint32_t value = n.children[i + 1];
      if (key.kind == RawNode::Kind::kScalar && key.plain && key.text == "<<") {
        merged.push_back(value);
        continue;
      }
      if (key.kind != RawNode::Kind::kScalar) throw Refused{key.at, "a key must be a string"};
      const std::string child = JoinPath(path, key.text);
      // An anchor's own map is reported once, not again where it is used.
      if (first && map.contains(key.text)) out_.duplicates.push_back({child, key.at});
      map[key.text] = Value(value, child, depth + 1);
      if (first) out_.positions.nodes_[id].children.emplace_back(key.text, value);
    }
    for (uint32_t value : merged) Merge(id, value, path, depth, first, map);
    return map;
  }

  // Adds the keys of the map (or of each map in the list) `value` that `map` does not have.
  void Merge(uint32_t id, uint32_t value, const std::string& path, int depth, bool first,
             Json& map) {
    const RawNode& source = nodes_[value];
    if (source.kind == RawNode::Kind::kList) {
      for (uint32_t item : source.children) {
        if (nodes_[item].kind != RawNode::Kind::kMap) {
          throw Refused{nodes_[item].at, "a merge key takes a map or a list of maps"};
        }
        Merge(id, item, path, depth, first, map);
      }
      return;
    }
    if (source.kind != RawNode::Kind::kMap) {
      throw Refused{source.at, "a merge key takes a map or a list of maps"};
    }
    const Json from = Value(value, path, depth + 1);
    std::map<std::string_view, uint32_t> places;
    for (const auto& [key, place] : out_.positions.nodes_[value].children)
      places.emplace(key, place);
    std::vector<std::pair<std::string, uint32_t>> added;
    for (const auto& item : from.items()) {
      if (map.contains(item.key())) continue;
      map[item.key()] = item.value();
      const auto place = places.find(item.key());
      if (first && place != places.end()) added.emplace_back(item.key(), place->second);
    }
    auto& children = out_.positions.nodes_[id].children;
    std::move(added.begin(), added.end(), std::back_inserter(children));
  }

  static void CheckTag(const RawNode& n, std::string_view name) {
    if (n.tag.empty() || n.tag == fmt::format("tag:yaml.org,2002:{}", name)) return;
    throw Refused{n.at, fmt::format("unsupported tag \"{}\"", n.tag)};
  }

  static Json Scalar(const RawNode& n) {
    if (n.tag.empty() && !n.plain) return n.text;
    if (n.tag == "tag:yaml.org,2002:str") return n.text;
    Result<Json> value = ResolvePlainScalar(n.text);
    if (!value.ok()) throw Refused{n.at, value.error().message};
    if (n.tag.empty()) return *std::move(value);
    if (n.tag == "tag:yaml.org,2002:int" && value->is_number_integer()) return *value;
    if (n.tag == "tag:yaml.org,2002:float" && value->is_number()) return *value;
    if (n.tag == "tag:yaml.org,2002:bool" && value->is_boolean()) return *value;
    if (n.tag == "tag:yaml.org,2002:null" && value->is_null()) return *value;
    throw Refused{n.at, fmt::format("\"{}\" does not fit its tag \"{}\"", n.text, n.tag)};
  }

  std::vector<RawNode>& nodes_;
  YamlDocument& out_;
  std::vector<bool> placed_;  // its children stand in the position tree
  size_t text_bytes_ = 0;     // without any alias expanded
  size_t expanded_ = 0;
  size_t expanded_bytes_ = 0;
};

namespace {

// Reads a string without copying it.
class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());
    setg(begin, begin, begin + text.size());
  }
};

// The parser takes bytes as they come, and 0x04 even for the end: so they are looked at before.
Status CheckCharacters(std::string_view text) {
  int line = 1;
  size_t line_start = 0;
  for (size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    const Position at{line, static_cast<int>(i - line_start) + 1};
    const size_t length = SequenceLength(text, i);
    if (length == 0) return At(at, "invalid UTF-8");
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F) {
      return At(at, "control characters are not allowed");
    }
    i += length;
    if (c == '\n') {
      ++line;
      line_start = i;
    }
  }
  return OkStatus();
}

// The lines of a text, found once: a stream may have as many documents as lines.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {
    for (size_t at = 0; at != std::string_view::npos;) {
      starts_.push_back(at);
      at = text.find('\n', at);
      if (at != std::string_view::npos) ++at;
    }
  }

  // Text that stands after a document's end without `---` is what the parser could not make sense
  // of; it would begin another document with it.
  bool StartsDocument(Position at) const {
    if (at.line < 1 || static_cast<size_t>(at.line) > starts_.size()) return true;
    size_t i = static_cast<size_t>(at.line) - 1;
    if (at.column == 1 && Line(i).substr(0, 3) == "---") return true;
    while (i-- > 0) {
      const size_t word = Line(i).find_first_not_of(" \t\r");
      if (word == std::string_view::npos || Line(i)[word] == '#') continue;
      return Line(i).substr(0, 3) == "...";
    }
    return false;
  }

 private:
  std::string_view Line(size_t i) const {
    const size_t end = i + 1 < starts_.size() ? starts_[i + 1] - 1 : text_.size();
    return text_.substr(starts_[i], end - starts_[i]);
  }

  const std::string_view text_;
  std::vector<size_t> starts_;
};

Result<std::vector<YamlDocument>> ParseStream(std::string_view text) {
  std::vector<YamlDocument> documents;
  ViewBuffer buffer(text);
  std::istream in(&buffer);
  YAML::Parser parser(in);
  const Lines lines(text);
  Position last;
  for (bool first = true;; first = false) {
    Collector collector;
    if (!parser.HandleNextDocument(collector)) return documents;
    // What the parser can make nothing of, it would take for one empty document after another.
    const bool stuck = collector.start.line == last.line && collector.start.column == last.column;
    if (!first && (stuck || !lines.StartsDocument(collector.start))) {
      return At(collector.start, "unexpected text after the end of the document");
    }
    last = collector.start;
    if (collector.nodes.empty()) continue;
    YamlDocument document;
    document.start = collector.nodes[0].at;
    TreeBuilder(collector.nodes, document).Build();
    if (!document.value.is_null()) documents.push_back(std::move(document));
  }
}

}  // namespace

Result<std::vector<YamlDocument>> ParseYaml(std::string_view text) {
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  const size_t word = text.find_first_not_of(" \t\r\n");
  if (word == std::string_view::npos) return std::vector<YamlDocument>();
  GANTRY_TRY(CheckCharacters(text));
  if (text[word] == '{' && !HasManyValues(text, kMaxNodes / 2)) {
    // JSON is read as JSON (tabs and all). What is wrong with it, the YAML parser can place.
    std::vector<std::string> duplicates;
    if (Result<Json> json = ParseJson(text, &duplicates, kMaxDepth);
        json.ok() && duplicates.empty()) {
      std::vector<YamlDocument> documents(1);
      documents[0].value = *std::move(json);
      documents[0].start = {1, 1};
      return documents;
    }
  }
  try {
    return ParseStream(text);
  } catch (const Refused& e) {
    return At(e.at, e.message);
  } catch (const YAML::DeepRecursion& e) {
    return At(ToPosition(e.mark), fmt::format("nested deeper than {} levels", kMaxDepth));
  } catch (const YAML::Exception& e) {
    return At(ToPosition(e.mark), e.msg);
  } catch (const std::exception& e) {
    return Error(Code::kBadRequest, fmt::format("yaml: {}", e.what()));
  }
}

std::optional<Position> PositionTree::Find(std::string_view path) const {
  if (nodes_.empty()) return std::nullopt;
  uint32_t at = 0;
  while (!path.empty()) {
    if (path[0] == '.') path.remove_prefix(1);
    const bool bracket = !path.empty() && path[0] == '[';
    const size_t end = bracket ? path.find(']') : path.find_first_of(".[");
    const std::string_view key = bracket
                                     ? path.substr(1, end == std::string_view::npos ? end : end - 1)
                                     : path.substr(0, end);
    path = end == std::string_view::npos ? "" : path.substr(end + (bracket ? 1 : 0));
    const Node& node = nodes_[at];
    std::optional<uint32_t> next;
    if (node.is_list) {
      const size_t index = std::strtoul(std::string(key).c_str(), nullptr, 10);
      if (index < node.children.size()) next = node.children[index].second;
    } else {
      for (const auto& child : node.children) {
        if (child.first == key) next = child.second;  // the last of two equal keys, as in the value
      }
    }
    if (!next) break;
    at = *next;
  }
  return nodes_[at].at;
}

}  // namespace gantry::yaml
