#include "apiserver/endpoints/json_patch.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace gantry::apiserver {
namespace {

constexpr size_t kMaxOperations = 10000;
// Copies of copies double a document; this is kube-apiserver's bound.
constexpr size_t kMaxCopiedBytes = 3 << 20;
// What ParseJson reads: nothing deeper could be stored and read again.
constexpr size_t kMaxLevels = 512;

// A move looks at all that it moves, to see how deep it is: a bound for all moves together.
constexpr size_t kMaxMovedValues = 10 << 20;

using Tokens = std::vector<std::string>;

Error DoesNotApply(std::string_view why) {
  return Error(
      Code::kInvalid,
      fmt::format("the server rejected our request due to an error in our request: {}", why));
}

// Adds the number of values that it saw to *seen.
size_t LevelsOf(const Json& value, size_t* seen) {
  ++*seen;
  if (!value.is_structured()) return 0;
  size_t below = 0;
  for (const Json& member : value) below = std::max(below, LevelsOf(member, seen));
  return below + 1;
}

// The tokens of a JSON pointer (RFC 6901).
Result<Tokens> SplitPointer(std::string_view pointer) {
  Tokens out;
  if (pointer.empty()) return out;
  if (pointer[0] != '/') return DoesNotApply(fmt::format("path '{}' must begin with /", pointer));
  for (size_t i = 0; i < pointer.size(); ++i) {
    const std::string_view escape = pointer.substr(i, 2);
    if (pointer[i] == '/') {
      out.emplace_back();
    } else if (escape == "~0" || escape == "~1") {
      out.back() += escape == "~0" ? '~' : '/';
      ++i;
    } else {
      out.back() += pointer[i];
    }
  }
  return out;
}

// One patch on its way through a document.
class Patcher {
 public:
  explicit Patcher(Json document) : document_(std::move(document)) {}

  Status Do(const Json& operation) {
    const auto& op = operation["op"].get_ref<const std::string&>();
    GANTRY_TRY_SET(const Tokens path, Pointer(operation, "path"));
    if (op == "remove") return Remove(path);
    if (op == "move" || op == "copy") return Transfer(operation, op == "move", path);
    if (op != "add" && op != "replace" && op != "test") {
      return DoesNotApply(
          fmt::format("operation '{}' is none of: add, remove, replace, move, copy, test", op));
    }
    const auto value = operation.find("value");
    if (value == operation.end()) return DoesNotApply(fmt::format("'{}' needs a value", op));
    if (op == "add") return Add(path, *value);
    if (op == "replace") return Replace(path, *value);
    return Test(path, *value);
  }

  Json Take() { return std::move(document_); }

 private:
  static Result<Tokens> Pointer(const Json& operation, const char* member) {
    const auto it = operation.find(member);
    if (it == operation.end() || !it->is_string())
      return DoesNotApply(fmt::format("'{}' must be a path", member));
    return SplitPointer(it->get_ref<const std::string&>());
  }

  // The index that a token says; nothing when it is none, or not below `end`.
  static std::optional<size_t> Index(const std::string& token, size_t end) {
    size_t index = 0;
    const char* const last = token.data() + token.size();
    const auto [stop, error] = std::from_chars(token.data(), last, index);
    const bool leading_zero = token.size() > 1 && token[0] == '0';
    if (error != std::errc() || stop != last || leading_zero || index >= end) return std::nullopt;
    return index;
  }

  // The value at the first `count` tokens; null when there is none.
  Json* Find(const Tokens& path, size_t count) {
    Json* at = &document_;
    for (size_t i = 0; i < count; ++i) {
      if (at->is_object()) {
        const auto it = at->find(path[i]);
        if (it == at->end()) return nullptr;
        at = &*it;
      } else if (at->is_array()) {
        const std::optional<size_t> index = Index(path[i], at->size());
        if (!index) return nullptr;
        at = &(*at)[*index];
      } else {
        return nullptr;
      }
    }
    return at;
  }
  Json* Find(const Tokens& path) { return Find(path, path.size()); }

  static Error Missing(const Tokens& path) {
    return DoesNotApply(fmt::format("there is nothing at '{}'", Text(path)));
  }
  static std::string Text(const Tokens& path) {
    std::string out;
    for (const std::string& token : path) {
      out += '/';
      for (const char c : token) {
        if (c == '~') out += "~0";
        else if (c == '/') out += "~1";
        else out += c;
      }
    }
    return out;
  }

  Status CheckDepth(const Tokens& path, const Json& value) {
    seen_ = 0;
    if (path.size() + LevelsOf(value, &seen_) <= kMaxLevels) return OkStatus();
    return DoesNotApply(fmt::format("the document is nested deeper than {} levels", kMaxLevels));
  }

  Status Add(const Tokens& path, Json value) {
    GANTRY_TRY(CheckDepth(path, value));
    if (path.empty()) {
      document_ = std::move(value);
      return OkStatus();
    }
    Json* const parent = Find(path, path.size() - 1);
    if (parent != nullptr && parent->is_object()) {
      (*parent)[path.back()] = std::move(value);
      return OkStatus();
    }
    if (parent == nullptr || !parent->is_array()) {
      return DoesNotApply(fmt::format("'{}' is in no map or list", Text(path)));
    }
    const std::optional<size_t> index =
        path.back() == "-" ? parent->size() : Index(path.back(), parent->size() + 1);
    if (!index) return DoesNotApply(fmt::format("'{}' is no index of the list", Text(path)));
    parent->insert(parent->begin() + static_cast<Json::difference_type>(*index), std::move(value));
    return OkStatus();
  }

  Status Remove(const Tokens& path) {
    if (path.empty() || Find(path) == nullptr) return Missing(path);
    Json* const parent = Find(path, path.size() - 1);
    if (parent->is_object()) parent->erase(path.back());
    else parent->erase(*Index(path.back(), parent->size()));
    return OkStatus();
  }

  Status Replace(const Tokens& path, const Json& value) {
    Json* const at = Find(path);
    if (at == nullptr) return Missing(path);
    GANTRY_TRY(CheckDepth(path, value));
    *at = value;
    return OkStatus();
  }

  Status Test(const Tokens& path, const Json& value) {
    const Json* const at = Find(path);
    // Nothing is as good as null, as kube-apiserver has it.
    if (at == nullptr ? value.is_null() : *at == value) return OkStatus();
    return DoesNotApply(fmt::format("the test of '{}' failed", Text(path)));
  }

  Status Transfer(const Json& operation, bool move, const Tokens& path) {
    GANTRY_TRY_SET(const Tokens from, Pointer(operation, "from"));
    Json* const source = Find(from);
    if (source == nullptr) return Missing(from);
    if (!move) {
      copied_bytes_ += DumpJson(*source).size();
      if (copied_bytes_ > kMaxCopiedBytes)
        return DoesNotApply(fmt::format("copies have more than {} bytes", kMaxCopiedBytes));
      return Add(path, *source);
    }
    if (from == path) return OkStatus();
    if (from.size() < path.size() && std::equal(from.begin(), from.end(), path.begin()))
      return DoesNotApply(fmt::format("'{}' cannot move into itself", Text(from)));
    Json value = std::move(*source);
    GANTRY_TRY(Remove(from));
    GANTRY_TRY(Add(path, std::move(value)));
    moved_values_ += seen_;
    if (moved_values_ <= kMaxMovedValues) return OkStatus();
    return DoesNotApply(fmt::format("moves have more than {} values", kMaxMovedValues));
  }

  Json document_;
  size_t copied_bytes_ = 0;
  size_t moved_values_ = 0;
  size_t seen_ = 0;  // by the last look at how deep a value is
};

}  // namespace

Status CheckJsonPatch(const Json& patch) {
  if (!patch.is_array())
    return Error(Code::kBadRequest, "a JSON patch must be a list of operations");
  if (patch.size() > kMaxOperations) {
    return Error(Code::kTooLarge,
                 fmt::format("The allowed maximum operations in a JSON patch is {}, got {}",
                             kMaxOperations, patch.size()));
  }
  for (const Json& op : patch) {
    const bool fine = op.is_object() && op.contains("op") && op["op"].is_string() &&
                      op.contains("path") && op["path"].is_string();
    if (!fine) {
      return Error(Code::kBadRequest, "each operation of a JSON patch must have `op` and `path`");
    }
  }
  return OkStatus();
}

Result<Json> ApplyJsonPatch(const Json& patch, const Json& current) {
  Patcher patcher(current);
  for (const Json& operation : patch) GANTRY_TRY(patcher.Do(operation));
  return patcher.Take();
}

}  // namespace gantry::apiserver
