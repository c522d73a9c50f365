#include "apiserver/http/user_turns.h"

#include <utility>

namespace gantry::apiserver {

void UserTurns::Add(const std::string& user, Step step) {
  const auto [line, is_new] = lines_.try_emplace(user);
  if (is_new) order_.push_back(line);
  line->second.push_back(std::move(step));
}

UserTurns::Step UserTurns::Take() {
  const Lines::iterator line = order_.front();
  Step step = std::move(line->second.front());
  line->second.pop_front();
  if (line->second.empty()) {
    order_.pop_front();
    lines_.erase(line);
  } else {
    order_.splice(order_.end(), order_, order_.begin());
  }
  return step;
}

}  // namespace gantry::apiserver
