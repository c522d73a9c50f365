#pragma once

#include <deque>
#include <functional>
#include <list>
#include <map>
#include <string>

namespace gantry::apiserver {

// Steps that wait for a thread's time, in a line for each user; the lines are served in turn, so
// that many connections of one user delay another's by one step only. Not thread-safe.
class UserTurns {
 public:
  using Step = std::function<void()>;

  void Add(const std::string& user, Step step);
  // The next step. REQUIRES: !empty()
  Step Take();
  bool empty() const { return order_.empty(); }

 private:
  using Lines = std::map<std::string, std::deque<Step>>;
  Lines lines_;                       // none is empty
  std::list<Lines::iterator> order_;  // next first
};

}  // namespace gantry::apiserver
