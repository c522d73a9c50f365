#include <gtest/gtest.h>

#include "tests/controllers/hosting/cases/world.h"

// NodeStreams on an engine.
namespace gantry::testing {
namespace {

using namespace std::chrono_literals;

const ObjectKey kWeb{"default", "web"};

nodeproxy::ExecOptions Exec(std::vector<std::string> command) {
  nodeproxy::ExecOptions o;
  o.command = std::move(command);
  return o;
}

void LogsAreFollowed(World& w) {
  w.MakeContainer("web", {{"command", {"/bin/sh", "-c", "echo one; sleep 0.5; echo two >&2"}},
                          {"restartPolicy", {{"name", "no"}}}});
  w.Await("web", [](const Object& o) { return !GetString(o.status(), "containerID").empty(); });
  nodeproxy::LogOptions options;
  options.follow = true;
  auto sink = std::make_shared<RecordingSink>();
  auto handle = w.streams->Logs(w.ctx, kWeb, options, sink);
  ASSERT_TRUE(handle.ok()) << handle.error().message;
  auto end = sink->Wait();
  ASSERT_TRUE(end.ok()) << end.error().message;
  EXPECT_EQ(*end, 0);
  EXPECT_EQ(sink->out(), "one\n");
  EXPECT_EQ(sink->err(), "two\n");
}

void DroppedHandleEndsTheStream(World& w) {
  w.MakeContainer("web");
  w.AwaitReady("web");
  nodeproxy::LogOptions options;
  options.follow = true;
  auto sink = std::make_shared<RecordingSink>();
  auto handle = w.streams->Logs(w.ctx, kWeb, options, sink);
  ASSERT_TRUE(handle.ok());
  EXPECT_TRUE(w.Eventually([&] { return !sink->out().empty(); }));
  handle->reset();
  EXPECT_FALSE(sink->Wait().ok());
}

void ExecGivesItsExitCode(World& w) {
  w.MakeContainer("web");
  w.AwaitReady("web");
  // Often, because the engine notes the exit code a moment after the output's end.
  for (int code = 1; code <= 10; ++code) {
    auto sink = std::make_shared<RecordingSink>();
    auto handle = w.streams->Exec(
        w.ctx, kWeb,
        Exec({"/bin/sh", "-c", "echo out; echo err >&2; exit " + std::to_string(code)}), sink);
    ASSERT_TRUE(handle.ok()) << handle.error().message;
    auto end = sink->Wait();
    ASSERT_TRUE(end.ok()) << end.error().message;
    EXPECT_EQ(*end, code);
    EXPECT_EQ(sink->out(), "out\n");
    EXPECT_EQ(sink->err(), "err\n");
  }
}

void ExecTakesInput(World& w) {
  w.MakeContainer("web");
  w.AwaitReady("web");
  nodeproxy::ExecOptions options = Exec({"cat"});
  options.stdin_ = true;
  auto sink = std::make_shared<RecordingSink>();
  auto handle = w.streams->Exec(w.ctx, kWeb, options, sink);
  ASSERT_TRUE(handle.ok());
  ASSERT_TRUE((*handle)->WriteStdin("hello ").ok());
  ASSERT_TRUE((*handle)->WriteStdin("there").ok());
  (*handle)->CloseStdin();
  auto end = sink->Wait();
  ASSERT_TRUE(end.ok()) << end.error().message;
  EXPECT_EQ(*end, 0);
  EXPECT_EQ(sink->out(), "hello there");
}

void TerminalIsResized(World& w) {
  w.MakeContainer("web");
  w.AwaitReady("web");
  nodeproxy::ExecOptions options = Exec({"/bin/sh", "-c", "sleep 0.5; echo wide"});
  options.tty = true;
  auto sink = std::make_shared<RecordingSink>();
  auto handle = w.streams->Exec(w.ctx, kWeb, options, sink);
  ASSERT_TRUE(handle.ok());
  const Status resized = (*handle)->Resize(120, 40);
  EXPECT_TRUE(resized.ok()) << resized.error().message;
  EXPECT_TRUE(sink->Wait().ok());
  EXPECT_NE(sink->out().find("wide"), std::string::npos);
}

void MissingContainersAreErrors(World& w) {
  auto sink = std::make_shared<RecordingSink>();
  auto none = w.streams->Logs(w.ctx, kWeb, {}, sink);
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.code(), Code::kNotFound);
  EXPECT_FALSE(w.streams->Exec(w.ctx, kWeb, Exec({"true"}), sink).ok());
}

}  // namespace

std::vector<HostingCase> StreamCases() {
  return {{"LogsAreFollowed", LogsAreFollowed},
          {"DroppedHandleEndsTheStream", DroppedHandleEndsTheStream},
          {"ExecGivesItsExitCode", ExecGivesItsExitCode},
          {"ExecTakesInput", ExecTakesInput},
          {"TerminalIsResized", TerminalIsResized},
          {"MissingContainersAreErrors", MissingContainersAreErrors}};
}

}  // namespace gantry::testing
