#include "apiserver/http/handler.h"

#include <algorithm>

#include "apiserver/http/url.h"

namespace gantry::apiserver {

std::string_view Headers::Get(std::string_view name) const {
  for (const auto& [key, value] : all_) {
    if (EqualsIgnoreCase(key, name)) return value;
  }
  return {};
}

std::vector<std::string_view> Headers::GetAll(std::string_view name) const {
  std::vector<std::string_view> out;
  for (const auto& [key, value] : all_) {
    if (EqualsIgnoreCase(key, name)) out.push_back(value);
  }
  return out;
}

void Headers::Set(std::string name, std::string value) {
  std::erase_if(all_, [&](const auto& entry) { return EqualsIgnoreCase(entry.first, name); });
  Add(std::move(name), std::move(value));
}

void Headers::Add(std::string name, std::string value) {
  all_.emplace_back(std::move(name), std::move(value));
}

Query Query::Parse(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), item.size() + 1));
    if (item.empty()) continue;
    const size_t eq = item.find('=');
    const std::string_view value =
        eq == std::string_view::npos ? std::string_view() : item.substr(eq + 1);
    query.all_.emplace_back(DecodeQueryPart(item.substr(0, eq)), DecodeQueryPart(value));
  }
  return query;
}

bool Query::Has(std::string_view name) const {
  return std::any_of(all_.begin(), all_.end(), [&](const auto& e) { return e.first == name; });
}

std::string Query::Get(std::string_view name) const {
  for (const auto& [key, value] : all_) {
    if (key == name) return value;
  }
  return {};
}

std::vector<std::string> Query::GetAll(std::string_view name) const {
  std::vector<std::string> out;
  for (const auto& [key, value] : all_) {
    if (key == name) out.push_back(value);
  }
  return out;
}

}  // namespace gantry::apiserver
