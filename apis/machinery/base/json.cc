#include "apis/machinery/base/json.h"

#include <fmt/format.h>

#include "apis/machinery/base/json_fast.h"

namespace gantry {
namespace {

// Builds a document from SAX events, with a depth bound and a look-out for repeated keys.
class Builder : public nlohmann::json_sax<Json> {
 public:
  Builder(std::vector<std::string>* duplicates, int max_depth)
      : duplicates_(duplicates), max_depth_(max_depth) {}

  bool null() override { return Put(nullptr); }
  bool boolean(bool v) override { return Put(v); }
  bool number_integer(number_integer_t v) override { return Put(v); }
  bool number_unsigned(number_unsigned_t v) override {
    // One integer type for equal values, so that comparing documents never depends on the sign bit.
    if (v <= static_cast<number_unsigned_t>(INT64_MAX)) return Put(static_cast<int64_t>(v));
    return Put(v);
  }
  bool number_float(number_float_t v, const string_t&) override { return Put(v); }
  bool string(string_t& v) override { return Put(std::move(v)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return Open(Json::object()); }
  bool start_array(std::size_t) override { return Open(Json::array()); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }
  bool key(string_t& k) override {
    Json& parent = *stack_.back();
    if (duplicates_ && parent.contains(k)) duplicates_->push_back(Path(k));
    key_ = std::move(k);
    return true;
  }
  bool parse_error(std::size_t at, const std::string&,
                   const nlohmann::detail::exception& e) override {
    message_ = fmt::format("malformed JSON at byte {}: {}", at, Reason(e.what()));
    return false;
  }

  Json root;
  const std::string& message() const { return message_; }

 private:
  // nlohmann's text without its "[json.exception...] parse error at line.., column..: " prefix.
  static std::string Reason(std::string_view what) {
    if (const size_t at = what.find(": "); at != std::string_view::npos) what.remove_prefix(at + 2);
    // Nor what it read last, which may be a secret: `; last read: '<text>'`.
    return std::string(what.substr(0, what.find("; last read: ")));
  }
  Json* Place(Json value) {
    if (stack_.empty()) {
      root = std::move(value);
      return &root;
    }
    Json& parent = *stack_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    Json& slot = parent[key_];
    slot = std::move(value);
    return &slot;
  }
  bool Put(Json value) {
    Place(std::move(value));
    return true;
  }
  bool Open(Json value) {
    if (static_cast<int>(stack_.size()) >= max_depth_) {
      message_ = fmt::format("nested deeper than {} levels", max_depth_);
      return false;
    }
    if (duplicates_) path_.push_back(key_);
    stack_.push_back(Place(std::move(value)));
    return true;
  }
  bool Close() {
    if (duplicates_) path_.pop_back();
    stack_.pop_back();
    return true;
  }
  // `spec.ports[1].name`
  std::string Path(const std::string& last) const {
    std::string out;
    for (size_t i = 1; i < path_.size(); ++i) {
      const Json& parent = *stack_[i - 1];
      if (parent.is_array()) {
        out += fmt::format("[{}]", parent.size() - 1);
      } else {
        out += (out.empty() ? "" : ".") + path_[i];
      }
    }
    return out + (out.empty() ? "" : ".") + last;
  }

  std::vector<std::string>* const duplicates_;
  const int max_depth_;
  std::vector<Json*> stack_;
  std::vector<std::string> path_;  // filled only when duplicates are looked for
  std::string key_;
  std::string message_;
};

}  // namespace

Result<Json> ParseJson(std::string_view text, std::vector<std::string>* duplicate_keys,
                       int max_depth) {
  Json ordinary;
  if (internal::ParseOrdinaryJson(text, max_depth, &ordinary)) return ordinary;
  Builder builder(duplicate_keys, max_depth);
  if (!Json::sax_parse(text, &builder)) return Error(Code::kBadRequest, builder.message());
  return std::move(builder.root);
}

Result<Json> ParseJson(std::string_view text) { return ParseJson(text, nullptr); }

}  // namespace gantry
