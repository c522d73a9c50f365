#include "kubectl-plugin/three_way.h"

namespace gantry::kubectl {
namespace {

// What `to` adds or changes in `from`.
Json Additions(const Json& from, const Json& to) {
  Json patch = Json::object();
  for (const auto& item : to.items()) {
    const auto old = from.find(item.key());
    if (old != from.end() && *old == item.value()) continue;
    if (old != from.end() && old->is_object() && item.value().is_object()) {
      Json inner = Additions(*old, item.value());
      if (!inner.empty()) patch[item.key()] = std::move(inner);
    } else if (old != from.end() || !item.value().is_null()) {
      patch[item.key()] = item.value();
    }
  }
  return patch;
}

// Nulls for what `from` has and `to` has not, as far as `current` still has it.
Json Removals(const Json& from, const Json& to, const Json& current) {
  Json patch = Json::object();
  for (const auto& item : from.items()) {
    const auto live = current.find(item.key());
    if (live == current.end()) continue;
    const auto kept = to.find(item.key());
    if (kept == to.end()) {
      patch[item.key()] = nullptr;
    } else if (item.value().is_object() && kept->is_object() && live->is_object()) {
      Json inner = Removals(item.value(), *kept, *live);
      if (!inner.empty()) patch[item.key()] = std::move(inner);
    }
  }
  return patch;
}

// `more` on top of `into`; the two never touch the same leaf.
void Combine(Json* into, const Json& more) {
  for (const auto& item : more.items()) {
    Json& slot = (*into)[item.key()];
    if (slot.is_object() && item.value().is_object()) {
      Combine(&slot, item.value());
    } else {
      slot = item.value();
    }
  }
}

// Go writes these characters as escapes. Text that kubectl recorded must compare equal.
std::string EscapeLikeGo(const std::string& json) {
  std::string out;
  for (char c : json) {
    if (c == '<') {
      out += "\\u003c";
    } else if (c == '>') {
      out += "\\u003e";
    } else if (c == '&') {
      out += "\\u0026";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

Json WithLastApplied(const Json& manifest) {
  Json out = manifest;
  Json& metadata = out["metadata"];
  if (metadata.contains("annotations") && metadata["annotations"].is_object()) {
    metadata["annotations"].erase(kLastApplied);
  } else {
    metadata["annotations"] = Json::object();  // kubectl records it so
  }
  metadata["annotations"][kLastApplied] = EscapeLikeGo(DumpJson(out)) + "\n";
  return out;
}

Json ThreeWayMergePatch(const Json& original, const Json& modified, const Json& current) {
  Json patch = Additions(current, modified);
  if (original.is_object()) Combine(&patch, Removals(original, modified, current));
  return patch;
}

}  // namespace gantry::kubectl
