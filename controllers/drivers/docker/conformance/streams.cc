#include <gtest/gtest.h>

#include <thread>

#include "controllers/drivers/docker/conformance/conformance.h"

// Logs, exec, attach and events.
namespace gantry::docker {
namespace {

void LogsKeepChannels(ConformanceTest& t) {
  const std::string id = t.Run(t.Config("echo one; echo two >&2; echo three"));
  ASSERT_TRUE(t->WaitContainer(t.ctx, id).ok());
  auto logs = t->Logs(t.ctx, id, {});
  ASSERT_TRUE(logs.ok()) << logs.error().message;
  std::string errors;
  EXPECT_EQ(t.Collect(logs->get(), &errors), "one\nthree\n");
  EXPECT_EQ(errors, "two\n");
}

void LogsAreCutAndStamped(ConformanceTest& t) {
  const std::string id = t.Run(t.Config("echo one; echo two; echo three"));
  ASSERT_TRUE(t->WaitContainer(t.ctx, id).ok());
  LogOptions tail;
  tail.tail = 1;
  auto logs = t->Logs(t.ctx, id, tail);
  ASSERT_TRUE(logs.ok());
  EXPECT_EQ(t.Collect(logs->get()), "three\n");

  LogOptions stamped;
  stamped.tail = 1;
  stamped.timestamps = true;
  logs = t->Logs(t.ctx, id, stamped);
  ASSERT_TRUE(logs.ok());
  const std::string line = t.Collect(logs->get());
  EXPECT_TRUE(ParseTime(line.substr(0, line.find(' '))).ok()) << line;
  EXPECT_EQ(line.substr(line.find(' ') + 1), "three\n");
}

void FollowedLogsEndWithTheContainer(ConformanceTest& t) {
  const std::string id = t.Run(t.Config("echo one; sleep 0.3; echo two"));
  LogOptions follow;
  follow.follow = true;
  auto logs = t->Logs(t.ctx, id, follow);
  ASSERT_TRUE(logs.ok()) << logs.error().message;
  EXPECT_EQ(t.Collect(logs->get()), "one\ntwo\n");
}

void CloseEndsFollowedLogs(ConformanceTest& t) {
  const std::string id = t.Run(t.Config("echo one; sleep 60"));
  LogOptions follow;
  follow.follow = true;
  auto logs = t->Logs(t.ctx, id, follow);
  ASSERT_TRUE(logs.ok());
  auto first = (*logs)->Next();
  ASSERT_TRUE(first.ok());
  std::thread closer([&] { (*logs)->Close(); });
  const auto next = (*logs)->Next();
  closer.join();
  ASSERT_FALSE(next.ok());
  EXPECT_EQ(next.code(), Code::kCancelled);
}

void LogsOfMissingContainer(ConformanceTest& t) {
  auto logs = t->Logs(t.ctx, t.Name("none"), {});
  ASSERT_FALSE(logs.ok());
  EXPECT_EQ(logs.code(), Code::kNotFound);
}

void ExecRunsBesideTheMainProcess(ConformanceTest& t) {
  const std::string id = t.Run(t.Config("sleep 60"));
  ExecConfig exec;
  exec.command = {"/bin/sh", "-c", "echo out; echo err >&2; echo $COLOR; exit 7"};
  exec.env = {"COLOR=red"};
  auto made = t->CreateExec(t.ctx, id, exec);
  ASSERT_TRUE(made.ok()) << made.error().message;
  auto session = t->StartExec(t.ctx, *made, exec);
  ASSERT_TRUE(session.ok()) << session.error().message;
  std::string errors;
  EXPECT_EQ(t.Collect(session->get(), &errors), "out\nred\n");
  EXPECT_EQ(errors, "err\n");
  // The engine notes the end of the process a moment after the end of its output.
  auto state = t->InspectExec(t.ctx, *made);
  while (state.ok() && state->running && t.ctx.SleepFor(std::chrono::milliseconds(10)).ok()) {
    state = t->InspectExec(t.ctx, *made);
  }
  ASSERT_TRUE(state.ok());
  EXPECT_EQ(state->exit_code, 7);
}

void ExecReadsInputToItsEnd(ConformanceTest& t) {
  const std::string id = t.Run(t.Config("sleep 60"));
  ExecConfig exec;
  exec.command = {"cat"};
  exec.attach_stdin = true;
  auto made = t->CreateExec(t.ctx, id, exec);
  ASSERT_TRUE(made.ok());
  auto session = t->StartExec(t.ctx, *made, exec);
  ASSERT_TRUE(session.ok()) << session.error().message;
  // Large enough to need many frames in both directions.
  const std::string input(300000, 'x');
  Status written;
  std::thread writer([&] {
    written = (*session)->Write(input);
    if (written.ok()) written = (*session)->CloseInput();
  });
  const std::string output = t.Collect(session->get());
  writer.join();
  EXPECT_TRUE(written.ok());
  EXPECT_EQ(output.size(), input.size());
  EXPECT_EQ(output, input);
}

void ExecWithTerminal(ConformanceTest& t) {
  const std::string id = t.Run(t.Config("sleep 60"));
  ExecConfig exec;
  exec.command = {"/bin/sh", "-c", "echo on a terminal"};
  exec.tty = true;
  auto made = t->CreateExec(t.ctx, id, exec);
  ASSERT_TRUE(made.ok());
  auto session = t->StartExec(t.ctx, *made, exec);
  ASSERT_TRUE(session.ok());
  EXPECT_NE(t.Collect(session->get()).find("on a terminal"), std::string::npos);
}

void ExecNeedsARunningContainer(ConformanceTest& t) {
  auto id = t->CreateContainer(t.ctx, t.Config());
  ASSERT_TRUE(id.ok());
  ExecConfig exec;
  exec.command = {"true"};
  auto made = t->CreateExec(t.ctx, *id, exec);
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.code(), Code::kConflict);
  EXPECT_EQ(t->CreateExec(t.ctx, t.Name("none"), exec).code(), Code::kNotFound);
}

void AttachSeesTheOutput(ConformanceTest& t) {
  const std::string id = t.Run(t.Config("sleep 0.5; echo late"));
  auto session = t->Attach(t.ctx, id, false, false);
  ASSERT_TRUE(session.ok()) << session.error().message;
  EXPECT_EQ(t.Collect(session->get()), "late\n");
}

// The next event of `type`.
Event NextOf(EventStream* events, const std::string& type) {
  while (true) {
    auto e = events->Next();
    if (!e.ok()) {
      ADD_FAILURE() << e.error().message;
      return {};
    }
    if (e->type == type) return *std::move(e);
  }
}

void EventsTellTheLife(ConformanceTest& t) {
  auto events = t->Events(t.ctx, {t.labels}, 0);
  ASSERT_TRUE(events.ok()) << events.error().message;
  const std::string id = t.Run(t.Config());
  ASSERT_TRUE(t->RemoveContainer(t.ctx, id, true).ok());
  std::vector<std::string> actions;
  int64_t start_time = 0;
  while (actions.empty() || actions.back() != "destroy") {
    const Event e = NextOf(events->get(), "container");
    if (e.action.empty()) return;
    EXPECT_EQ(e.id, id);
    EXPECT_EQ(e.attributes.at("gantry.test"), t.tag);
    if (e.action == "start") start_time = e.time_nano;
    if (e.action != "kill") actions.push_back(e.action);
  }
  EXPECT_EQ(actions, (std::vector<std::string>{"create", "start", "die", "destroy"}));

  // A later reader gets them again from the time that it names, less an overlap.
  auto replay = t->Events(t.ctx, {t.labels}, start_time);
  ASSERT_TRUE(replay.ok());
  Event e = NextOf(replay->get(), "container");
  while (!e.action.empty() && e.action != "destroy") {
    e = NextOf(replay->get(), "container");
  }
  EXPECT_EQ(e.id, id);
}

void CloseEndsEvents(ConformanceTest& t) {
  auto events = t->Events(t.ctx, {t.labels}, 0);
  ASSERT_TRUE(events.ok());
  std::thread closer([&] { (*events)->Close(); });
  const auto next = (*events)->Next();
  closer.join();
  ASSERT_FALSE(next.ok());
  EXPECT_EQ(next.code(), Code::kCancelled);
}

}  // namespace

ConformanceCases StreamCases() {
  return {{"LogsKeepChannels", LogsKeepChannels},
          {"LogsAreCutAndStamped", LogsAreCutAndStamped},
          {"FollowedLogsEndWithTheContainer", FollowedLogsEndWithTheContainer},
          {"CloseEndsFollowedLogs", CloseEndsFollowedLogs},
          {"LogsOfMissingContainer", LogsOfMissingContainer},
          {"ExecRunsBesideTheMainProcess", ExecRunsBesideTheMainProcess},
          {"ExecReadsInputToItsEnd", ExecReadsInputToItsEnd},
          {"ExecWithTerminal", ExecWithTerminal},
          {"ExecNeedsARunningContainer", ExecNeedsARunningContainer},
          {"AttachSeesTheOutput", AttachSeesTheOutput},
          {"EventsTellTheLife", EventsTellTheLife},
          {"CloseEndsEvents", CloseEndsEvents}};
}

}  // namespace gantry::docker
