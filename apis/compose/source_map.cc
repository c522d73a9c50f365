#include "apis/compose/source_map.h"

namespace gantry::compose {
namespace {

// No chain of services that extend each other is longer.
constexpr int kMaxSteps = 128;
constexpr std::string_view kPrefix = "---\n";
// A look-up walks through the text's keys; nobody reads more positions than this.
constexpr int kMaxLookUps = 1000;

}  // namespace

void SourceMap::SetText(const std::string* text, yaml::PositionTree positions) {
  text_ = text;
  positions_ = std::move(positions);
}

void SourceMap::Written(std::string place, std::string origin) {
  origins_[std::move(place)] = {std::move(origin), true};
}

void SourceMap::TakenFrom(std::string place, std::string origin) {
  origins_[std::move(place)] = {std::move(origin), false};
}

std::string SourceMap::Resolve(std::string place) const {
  for (int step = 0; step < kMaxSteps && !origins_.empty(); ++step) {
    // The longest part of the place, from its beginning, that was moved.
    size_t end = place.size();
    auto it = origins_.find(place);
    while (it == origins_.end()) {
      end = end == 0 ? std::string::npos : place.find_last_of(".[", end - 1);
      if (end == std::string::npos) return place;
      it = origins_.find(std::string_view(place).substr(0, end));
    }
    place = it->second.place + place.substr(end);
    if (it->second.in_text) return place;
  }
  return place;
}

std::optional<yaml::Position> SourceMap::Find(std::string_view place) const {
  if (text_ == nullptr || look_ups_++ >= kMaxLookUps) return std::nullopt;
  const std::string origin = Resolve(std::string(place));
  if (auto at = positions_.Find(origin)) {
    if (is_json_) --at->line;
    return at;
  }
  if (is_json_) return std::nullopt;
  // JSON is read without positions; after `---` it is YAML like any other.
  is_json_ = true;
  auto documents = yaml::ParseYaml(std::string(kPrefix) + *text_);
  if (!documents.ok() || documents->size() != 1) return std::nullopt;
  positions_ = std::move(documents->front().positions);
  return Find(place);
}

}  // namespace gantry::compose
