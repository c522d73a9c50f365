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

// A value and where it is: of the base, or as the text has it.
struct Part {
  const Json& value;
  std::string place;
  bool in_text;

  Part Member(const std::string& key) const { return {value.at(key), Join(place, key), in_text}; }
};

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

// Merges what a service takes over with its own, and notes where each part was written.
class Merger {
 public:
  explicit Merger(SourceMap* sources) : sources_(sources) {}

  Json Maps(const Part& base, const Part& own) {
    Json out = base.value;
    for (const auto& [key, value] : base.value.items()) {
      if (!own.value.contains(key)) Note(Join(own.place, key), base.Member(key));
    }
    for (const auto& [key, value] : own.value.items()) {
      const auto it = base.value.find(key);
      out[key] = it == base.value.end() ? value : Merge(key, base.Member(key), own.Member(key));
    }
    return out;
  }

 private:
  void Note(std::string place, const Part& part) {
    if (part.in_text) sources_->Written(std::move(place), part.place);
    else sources_->TakenFrom(std::move(place), part.place);
  }

  // A list of KEY=value as the map that says the same; what is no such list stays.
  Json ToMap(const Part& part, const std::string& place) {
    if (!part.value.is_array()) return part.value;
    Json out = Json::object();
    for (size_t i = 0; i < part.value.size(); ++i) {
      const auto text = ScalarText(part.value[i]);
      if (!text) return part.value;
      const size_t equals = text->find('=');
      const std::string key = text->substr(0, equals);
      out[key] = equals == std::string::npos ? Json() : Json(text->substr(equals + 1));
      Note(Join(place, key), {part.value[i], Join(part.place, i), part.in_text});
    }
    return out;
  }

  Json DependenciesToMap(const Part& part, const std::string& place) {
    if (!part.value.is_array()) return part.value;
    Json out = Json::object();
    for (size_t i = 0; i < part.value.size(); ++i) {
      if (!part.value[i].is_string()) return part.value;
      const auto key = part.value[i].get<std::string>();
      out[key] = {{"condition", "service_started"}};
      Note(Join(place, key), {part.value[i], Join(part.place, i), part.in_text});
    }
    return out;
  }

  // Both as maps, merged; the own one alone when they are none.
  Json Pairs(const std::string& key, const Part& base, const Part& own) {
    const auto convert = [&](const Part& part) {
      return key == "depends_on" ? DependenciesToMap(part, own.place) : ToMap(part, own.place);
    };
    const Json a = convert(base), b = convert(own);
    if (!a.is_object() || !b.is_object()) return own.value;
    Json out = a;
    for (const auto& [name, value] : a.items()) {
      if (!b.contains(name) && base.value.is_object())
        Note(Join(own.place, name), base.Member(name));
    }
    for (const auto& [name, value] : b.items()) {
      const bool known = a.contains(name);
      const std::string place = Join(own.place, name);
      if (known && own.value.is_object()) sources_->Written(place, place);
      if (known && value.is_object() && a.at(name).is_object()) out[name].update(value);
      else out[name] = value;
    }
    return out;
  }

  // The base's items and then the own ones; of mounts with one target the own one.
  Json Lists(const std::string& key, const Part& base, const Part& own) {
    const Json first = ToList(base.value), second = ToList(own.value);
    Json out = Json::array();
    const auto add = [&](const Json& item, size_t i, const Part& from) {
      const std::string origin = from.value.is_array() ? Join(from.place, i) : from.place;
      Note(Join(own.place, out.size()), {item, origin, from.in_text});
      out.push_back(item);
    };
    for (size_t i = 0; i < first.size(); ++i) {
      const Json& item = first[i];
      const bool replaced = std::any_of(second.begin(), second.end(), [&](const Json& other) {
        return item == other || (key == "volumes" && TargetOf(item) == TargetOf(other));
      });
      if (!replaced) add(item, i, base);
    }
    for (size_t i = 0; i < second.size(); ++i) add(second[i], i, own);
    return out;
  }

  Json Merge(const std::string& key, const Part& base, const Part& own) {
    static constexpr const char* kReplaced[] = {"command", "entrypoint", "test"};
    static constexpr const char* kPairs[] = {"environment", "labels",      "annotations", "sysctls",
                                             "log_opt",     "storage_opt", "depends_on"};
    static constexpr const char* kOneOrMore[] = {"dns", "dns_search", "tmpfs"};
    if (own.value.is_null() || IsOneOf(key, kReplaced)) return own.value;
    if (IsOneOf(key, kPairs)) return Pairs(key, base, own);
    if (IsOneOf(key, kOneOrMore) && !base.value.is_null()) return Lists(key, base, own);
    // Options are a driver's.
    if (key == "logging" && own.value.is_object() && base.value.is_object() &&
        own.value.contains("driver") &&
        own.value.at("driver") != base.value.value("driver", Json())) {
      return own.value;
    }
    if (base.value.is_object() && own.value.is_object()) return Maps(base, own);
    if (base.value.is_array() && own.value.is_array()) return Lists(key, base, own);
    return own.value;
  }

  SourceMap* sources_;
};

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
      if (from.is_object() && HasRoom(from, place)) {
        service = Merger(diag_->sources())
                      .Maps({from, Join(place_, *base), /*in_text=*/false},
                            {own, Join(place_, name), /*in_text=*/true});
      }
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

Json MergeServices(const Json& base, const Json& own) {
  SourceMap nobody_asks;
  return Merger(&nobody_asks).Maps({base, "", /*in_text=*/false}, {own, "", /*in_text=*/true});
}

}  // namespace gantry::compose
