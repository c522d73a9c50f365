#include "apiserver/http/user_turns.h"

#include <gtest/gtest.h>

namespace gantry::apiserver {
namespace {

TEST(UserTurns, UsersAreServedInTurnEachInOrder) {
  UserTurns turns;
  std::string done;
  const auto add = [&](const std::string& user, char label) {
    turns.Add(user, [&done, label] { done += label; });
  };
  for (const char c : std::string("abcdefgh")) add("flood", c);
  add("ann", '1');
  add("bob", 'x');
  add("ann", '2');
  for (int i = 0; i < 6; ++i) turns.Take()();
  EXPECT_EQ(done, "a1xb2c");
  add("bob", 'y');
  while (!turns.empty()) turns.Take()();
  EXPECT_EQ(done, "a1xb2cdyefgh");
}

TEST(UserTurns, AStepMayAddOthers) {
  UserTurns turns;
  int runs = 0;
  std::function<void()> again = [&] {
    if (++runs < 100) turns.Add("ann", again);
  };
  turns.Add("ann", again);
  while (!turns.empty()) turns.Take()();
  EXPECT_EQ(runs, 100);
}

}  // namespace
}  // namespace gantry::apiserver
