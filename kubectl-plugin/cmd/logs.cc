#include <fmt/format.h>

#include <ostream>
#include <set>
#include <thread>

#include "apis/machinery/base/mutex.h"
#include "apis/machinery/meta/status.h"
#include "kubectl-plugin/cmd/commands.h"
#include "kubectl-plugin/containers.h"
#include "kubectl-plugin/errors.h"
#include "kubectl-plugin/waiter.h"

namespace gantry::kubectl {
namespace {

constexpr auto kFollowAgainAfter = std::chrono::milliseconds(500);
constexpr int kColours[] = {36, 33, 32, 35, 34, 31};

struct LogFlags {
  std::vector<std::string> words;
  bool follow = false;
  bool timestamps = false;
  bool previous = false;
  bool prefix = false;
  std::string since;
  std::string since_time;
  std::optional<int64_t> tail;
};

// Prints lines of several containers, each line whole. Thread-safe.
class LinePrinter {
 public:
  LinePrinter(std::ostream& out, bool with_prefix, bool colours)
      : out_(out), with_prefix_(with_prefix), colours_(colours) {}

  // Prints the whole lines of `buffer` and leaves the rest in it; the rest too when `last`.
  void Print(const std::string& name, int index, std::string* buffer, bool last) {
    if (last && !buffer->empty() && buffer->back() != '\n') *buffer += '\n';
    const size_t end = buffer->rfind('\n');
    if (end == std::string::npos) return;
    MutexLock lock(&mu_);
    for (size_t from = 0; from <= end;) {
      const size_t stop = buffer->find('\n', from) + 1;
      if (with_prefix_) out_ << Prefix(name, index);
      out_.write(buffer->data() + from, static_cast<std::streamsize>(stop - from));
      from = stop;
    }
    out_.flush();
    buffer->erase(0, end + 1);
  }

 private:
  std::string Prefix(const std::string& name, int index) const {
    if (!colours_) return fmt::format("[{}] ", name);
    return fmt::format("\033[{}m[{}]\033[0m ", kColours[index % std::size(kColours)], name);
  }

  Mutex mu_;
  std::ostream& out_ GUARDED_BY(mu_);
  const bool with_prefix_;
  const bool colours_;
};

class LogReader {
 public:
  LogReader(Session* session, const LogFlags& flags)
      : session_(*session), flags_(flags), ctx_(session->ctx().WithCancel()) {}
  ~LogReader() {
    ctx_.Cancel();
    for (std::thread& t : threads_) t.join();
  }

  Result<int> Run() {
    if (flags_.words.size() != 1) {
      return LocalError("expected one of app/NAME, service/NAME or ct/NAME");
    }
    GANTRY_TRY_SET(query_, Query());
    GANTRY_TRY_SET(set_, FindContainers(session_, flags_.words[0]));
    GANTRY_TRY_SET(client_, session_.client());
    if (set_.names.empty() && !flags_.follow) {
      session_.io().err << "No containers found\n";
      return 0;
    }
    printer_.emplace(session_.io().out, flags_.prefix || !set_.selector.empty(),
                     session_.io().out_tty);
    if (flags_.follow) return FollowAll();
    // One after the other: the order is then the same each time.
    int code = 0;
    for (size_t i = 0; i < set_.names.size(); ++i) {
      const Status s = Copy(set_.names[i], static_cast<int>(i));
      if (s.ok()) continue;
      if (set_.names.size() == 1) return s.error();
      session_.io().err << FormatError(s.error()) << "\n";
      code = 1;
    }
    return code;
  }

 private:
  Result<std::string> Query() {
    std::string q = "?";
    if (flags_.follow) q += "follow=true&";
    if (flags_.timestamps) q += "timestamps=true&";
    if (flags_.previous) q += "previous=true&";
    if (!flags_.since.empty() && !flags_.since_time.empty()) {
      return LocalError("only one of --since and --since-time may be used");
    }
    if (!flags_.since.empty()) {
      GANTRY_TRY_SET(const Duration since, ParseTimeout(flags_.since));
      const auto seconds = std::chrono::ceil<std::chrono::seconds>(since).count();
      if (seconds <= 0) return LocalError("--since must be greater than 0");
      q += fmt::format("sinceSeconds={}&", seconds);
    }
    if (!flags_.since_time.empty())
      q += "sinceTime=" + client::PercentEncode(flags_.since_time) + "&";
    if (flags_.tail && *flags_.tail < -1) return LocalError("--tail must be -1 or more");
    if (flags_.tail && *flags_.tail >= 0) q += fmt::format("tailLines={}&", *flags_.tail);
    q.pop_back();
    return q;
  }

  // Copies one container's log to its end.
  Status Copy(const std::string& name, int index) {
    const std::string target =
        client::ResourcePath(set_.type->resource, set_.ns, name, "log") + query_;
    GANTRY_TRY_SET(auto response,
                   client_->transport()->Stream(ctx_, {"GET", target, {{"Accept", "*/*"}}, ""}));
    if (response.status >= 300) return ErrorFromStatus(response.status, response.error_body);
    std::string buffer;
    while (true) {
      auto piece = response.stream->Read();
      const bool last = !piece.ok() || piece->empty();
      if (piece.ok()) buffer += *piece;
      printer_->Print(name, index, &buffer, last);
      if (!piece.ok()) return piece.error();
      if (last) return OkStatus();
    }
  }

  // With one container: to the end of its stream. With a selector: also what is created meanwhile.
  Result<int> FollowAll() {
    if (set_.selector.empty()) {
      GANTRY_TRY(Copy(set_.names[0], 0));
      return 0;
    }
    for (const std::string& name : set_.names) Start(name);
    while (true) {
      const Status s = WatchForMore();
      if (s.code() != Code::kUnavailable && s.code() != Code::kExpired) return s.error();
      GANTRY_TRY(ctx_.SleepFor(kFollowAgainAfter));
    }
  }

  // Never ends well.
  Status WatchForMore() {
    client::ListOptions options;
    options.label_selector = set_.selector;
    GANTRY_TRY_SET(const client::List list,
                   client_->ListAll(ctx_, set_.type->resource, set_.ns, options));
    for (const Object& o : list.items) Start(std::string(o.name()));
    options.resource_version = list.resource_version;
    GANTRY_TRY_SET(const auto watcher, client_->Watch(ctx_, set_.type->resource, set_.ns, options));
    while (true) {
      GANTRY_TRY_SET(const client::WatchEvent event, watcher->Next());
      if (event.type == client::WatchEvent::Type::kAdded ||
          event.type == client::WatchEvent::Type::kModified) {
        Start(std::string(event.object.name()));
      }
    }
  }

  // A thread that follows the container until it is gone; once for each name.
  void Start(const std::string& name) {
    if (!started_.insert(name).second) return;
    const int index = static_cast<int>(started_.size()) - 1;
    threads_.emplace_back([this, name, index] {
      while (true) {
        const Status s = Copy(name, index);
        // A container that was bound but not created yet has no log; one that is gone has none any
        // more.
        if (!s.ok() && s.code() != Code::kUnavailable && s.code() != Code::kBadRequest) return;
        if (s.ok() || !ctx_.SleepFor(kFollowAgainAfter).ok()) return;
      }
    });
  }

  Session& session_;
  const LogFlags& flags_;
  const Context ctx_;
  ContainerSet set_;
  std::string query_;
  const client::Client* client_ = nullptr;
  std::optional<LinePrinter> printer_;
  std::set<std::string> started_;
  std::vector<std::thread> threads_;
};

}  // namespace

void AddLogs(const Command& root, Session* session) {
  auto flags = std::make_shared<LogFlags>();
  const Command verb = root.Add("logs", "print what containers wrote",
                                "kubectl-gantry logs app/NAME | service/NAME | ct/NAME");
  verb.Words(&flags->words, "an application, a service or a container")
      .Flag("-f,--follow", &flags->follow, "go on with what is written, also by new containers")
      .Flag("--timestamps", &flags->timestamps, "with the time of every line")
      .Flag("-p,--previous", &flags->previous, "of the instance before the last restart")
      .Flag("--prefix", &flags->prefix, "with the container's name, as for several containers")
      .Text("--since", &flags->since, "only what is younger: 10m, 2h")
      .Text("--since-time", &flags->since_time, "only what came after this time (RFC 3339)")
      .Number("--tail", &flags->tail, "only so many lines at the end; -1: all");
  verb.Runs([session, flags] { return LogReader(session, *flags).Run(); });
}

}  // namespace gantry::kubectl
