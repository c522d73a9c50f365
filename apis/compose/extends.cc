#include "apis/compose/extends.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "apis/compose/values.h"

namespace gantry::compose {
namespace {

constexpr size_t kMaxDepth = 64;
constexpr size_t kMaxBytes = 4 << 20;

template <size_t n>
bool IsOneOf(std::string_view key, const char* const (&keys)[n]) {
  return std::any_of(std::begin(keys), std::end(keys), [key](const char* k) { return key == k; });
}

// A list of KEY=value as the map that says the same; what is no such list stays.
Json ToMap(const Json& value) {
  if (!value.is_array()) return value;
  Json out = Json::object();
  for (const Json& item : value) {
    const auto text = ScalarText(item);
    if (!text) return value;
    const size_t equals = text->find('=');
    out[text->substr(0, equals)] =
        equals == std::string::npos ? Json() : Json(text->substr(equals + 1));
  }
  return out;
}

Json DependenciesToMap(const Json& value) {
  if (!value.is_array()) return value;
  Json out = Json::object();
  for (const Json& item : value) {
    if (!item.is_string()) return value;
    out[item.get<std::string>()] = {{"condition", "service_started"}};
  }
  return out;
}

// Where a mount goes, in both syntaxes.
std::string TargetOf(const Json& mount) {
  if (mount.is_object()) return ScalarText(mount.value("target", Json())).value_or("");
  const std::string text = ScalarText(mount).value_or("");
  const size_t colon = text.find(':');
  if (colon == std::string::npos) return text;
  return text.substr(colon + 1, text.find(':', colon + 1) - colon - 1);
}

Json ToList(const Json& value) {
  if (value.is_array()) return value;
  return Json::array({value});
}

// The base's items and then the own ones; of mounts with one target the own one.
Json JoinLists(const std::string& key, const Json& base, const Json& own) {
  Json out = Json::array();
  for (const Json& item : base) {
    const bool replaced = std::any_of(own.begin(), own.end(), [&](const Json& other) {
      return item == other || (key == "volumes" && TargetOf(item) == TargetOf(other));
    });
    if (!replaced) out.push_back(item);
  }
  for (const Json& item : own) out.push_back(item);
  return out;
}

Json Merge(const std::string& key, const Json& base, const Json& own);

Json MergeMaps(Json base, const Json& own) {
  for (const auto& [key, value] : own.items()) {
    const auto it = base.find(key);
    base[key] = it == base.end() ? value : Merge(key, *it, value);
  }
  return base;
}

Json Merge(const std::string& key, const Json& base, const Json& own) {
  static constexpr const char* kReplaced[] = {"command", "entrypoint", "test"};
  static constexpr const char* kPairs[] = {"environment", "labels",  "annotations",
                                           "sysctls",     "log_opt", "storage_opt"};
  static constexpr const char* kOneOrMore[] = {"dns", "dns_search", "tmpfs"};
  if (own.is_null() || IsOneOf(key, kReplaced)) return own;
  if (IsOneOf(key, kPairs)) {
    const Json a = ToMap(base), b = ToMap(own);
    return a.is_object() && b.is_object() ? MergeMaps(a, b) : own;
  }
  if (key == "depends_on") {
    const Json a = DependenciesToMap(base), b = DependenciesToMap(own);
    return a.is_object() && b.is_object() ? MergeMaps(a, b) : own;
  }
  if (IsOneOf(key, kOneOrMore) && !base.is_null()) return JoinLists(key, ToList(base), ToList(own));
  // Options are a driver's.
  if (key == "logging" && own.is_object() && base.is_object() && own.contains("driver") &&
      own.at("driver") != base.value("driver", Json())) {
    return own;
  }
  if (base.is_object() && own.is_object()) return MergeMaps(base, own);
  if (base.is_array() && own.is_array()) return JoinLists(key, base, own);
  return own;
}

class Resolver {
 public:
  Resolver(Json* services, const std::string& place, Diagnostics* diag)
      : services_(services), place_(place), diag_(diag) {}

  void Resolve(const std::string& name, size_t depth) {
    bool& done = state_.try_emplace(name, false).first->second;
    Json& service = services_->at(name);
    if (done || !service.is_object() || !service.contains("extends")) {
      done = true;
      return;
    }
    const std::string place = Join(Join(place_, name), "extends");
    const auto base = BaseOf(service.at("extends"), place);
    if (!base) {
      done = true;
      return;
    }
    if (base->empty()) {
      // Reported already.
    } else if (!services_->contains(*base)) {
      diag_->Invalid(place, *base, "is not a service of this template");
    } else if (const auto known = state_.find(*base);
               depth >= kMaxDepth || (known != state_.end() && !known->second)) {
      diag_->Invalid(place, *base, "services must not extend each other in a circle");
    } else {
      Resolve(*base, depth + 1);
      Json own = service;
      own.erase("extends");
      const Json& from = services_->at(*base);
      if (from.is_object() && HasRoom(from, place)) service = MergeMaps(from, own);
    }
    service.erase("extends");
    state_[name] = true;
  }

 private:
  // A small document must not become a huge one.
  bool HasRoom(const Json& copy, const std::string& place) {
    if (bytes_ <= kMaxBytes) bytes_ += DumpJson(copy).size();
    if (bytes_ <= kMaxBytes) return true;
    diag_->Invalid(place, "...",
                   fmt::format("what services take over exceeds {} bytes", kMaxBytes));
    return false;
  }

  // Nothing for one in another file, and for what is no base at all.
  std::optional<std::string> BaseOf(const Json& value, const std::string& place) {
    if (value.is_string()) return value.get<std::string>();
    if (!value.is_object() || value.contains("file")) return std::nullopt;
    const auto name = ScalarText(value.value("service", Json()));
    if (name && value.size() == 1) return name;
    diag_->Invalid(place, value, "must be the name of a service, or a map with `service`");
    return std::string();
  }

  Json* services_;
  const std::string& place_;
  Diagnostics* diag_;
  size_t bytes_ = 0;
  std::map<std::string, bool> state_;  // false: being resolved
};

}  // namespace

void ResolveExtends(Json* services, const std::string& place, Diagnostics* diag) {
  Resolver resolver(services, place, diag);
  std::vector<std::string> names;
  for (const auto& [name, service] : services->items()) names.push_back(name);
  for (const std::string& name : names) resolver.Resolve(name, 0);
}

}  // namespace gantry::compose
