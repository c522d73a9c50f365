#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "apis/machinery/yaml/yaml.h"

namespace gantry::compose {

// Where the parts of a document stand in its text. What was moved after the text was read (items of
// joined lists, what a service takes over from another) is found where it was written. Not
// thread-safe.
class SourceMap {
 public:
  // `text` outlives the map. It is read a second time, and only when somebody asks, where the
  // positions of a document are not known yet (JSON).
  void SetText(const std::string* text, yaml::PositionTree positions);

  // What is at `place` now is what stood at `origin` in the text.
  void Written(std::string place, std::string origin);
  // What is at `place` now is what is at `origin`, which may have been moved itself.
  void TakenFrom(std::string place, std::string origin);

  // The position of the value at `place`, or of the nearest thing around it; nothing for a text
  // without positions.
  std::optional<yaml::Position> Find(std::string_view place) const;

 private:
  struct Origin {
    std::string place;
    bool in_text;
  };

  // The place in the text.
  std::string Resolve(std::string place) const;

  const std::string* text_ = nullptr;
  mutable yaml::PositionTree positions_;
  mutable bool is_json_ = false;
  mutable int look_ups_ = 0;
  std::map<std::string, Origin, std::less<>> origins_;
};

}  // namespace gantry::compose
