#include "apiserver/audit/log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "apis/machinery/base/log.h"
#include "apis/machinery/base/metrics.h"

namespace gantry::apiserver {

namespace fs = std::filesystem;

namespace {

// What is written with one call.
constexpr size_t kChunkBytes = 256 << 10;
constexpr std::chrono::seconds kComplaintInterval{10};

struct Metrics {
  prometheus::Counter& events =
      metrics::DeclareCounter("apiserver_audit_event_total", "Records given to the audit log")
          .Add({});
  prometheus::Counter& errors =
      metrics::DeclareCounter(
          "apiserver_audit_error_total",
          "Records that are not in the audit log, because its queue or its disk was full",
          {"plugin"})
          .Add({{"plugin", "log"}});

  static Metrics& Get() {
    static Metrics* const metrics = new Metrics;
    return *metrics;
  }
};

Error Failed(std::string_view what, const std::string& path) {
  return Error(Code::kUnavailable,
               fmt::format("audit log: {} {}: {}", what, path, std::strerror(errno)));
}

// `2026-11-21T11-34-00.123456`: what a file's name may have, in the order of time.
std::string Stamp(WallTime t) {
  std::string text = FormatMicroTime(t);
  text.pop_back();
  std::replace(text.begin(), text.end(), ':', '-');
  return text;
}

struct Names {
  explicit Names(const fs::path& path)
      : directory(path.parent_path().empty() ? "." : path.parent_path()),
        begin(path.stem().string() + "-"),
        end(path.extension().string()) {}

  std::string Rotated(WallTime t) const { return directory / (begin + Stamp(t) + end); }
  bool IsRotated(const std::string& name) const {
    return name.size() == begin.size() + Stamp({}).size() + end.size() && name.starts_with(begin) &&
           name.ends_with(end);
  }
  // From the oldest on.
  std::vector<std::string> AllRotated() const {
    std::vector<std::string> files;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(directory, error)) {
      if (IsRotated(entry.path().filename().string())) files.push_back(entry.path().string());
    }
    std::sort(files.begin(), files.end());
    return files;
  }

  fs::path directory;
  std::string begin;
  std::string end;
};

}  // namespace

void DeclareAuditMetrics() { Metrics::Get(); }

Result<std::unique_ptr<AuditLog>> AuditLog::Open(const AuditLogOptions& options, Clock* clock) {
  std::unique_ptr<AuditLog> log(new AuditLog(options, clock));
  const std::string directory = Names(options.path).directory;
  std::error_code error;
  if (!fs::exists(directory)) {
    fs::create_directories(directory, error);
    if (!error) fs::permissions(directory, fs::perms::owner_all, error);
  }
  if (error) {
    return Error(Code::kUnavailable, "audit log: " + directory + ": " + error.message());
  }
  GANTRY_TRY(log->OpenFile());
  log->RemoveOld();
  log->thread_ = std::thread([raw = log.get()] { raw->Run(); });
  return log;
}

AuditLog::AuditLog(const AuditLogOptions& options, Clock* clock)
    : options_(options), clock_(clock) {}

AuditLog::~AuditLog() {
  {
    MutexLock lock(&mu_);
    stopping_ = true;
    wake_.SignalAll();
  }
  if (thread_.joinable()) thread_.join();
  if (fd_ >= 0) ::close(fd_);
}

Status AuditLog::OpenFile() {
  const std::string& path = options_.path;
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd_ < 0) return Failed("open", path);
  struct stat found {};
  if (::fstat(fd_, &found) != 0) return Failed("look at", path);
  bytes_ = static_cast<uint64_t>(found.st_size);
  // A process that was killed may have left half a line.
  char last = '\n';
  if (bytes_ != 0 && ::pread(fd_, &last, 1, found.st_size - 1) == 1 && last != '\n') {
    return Append("\n");
  }
  return OkStatus();
}

void AuditLog::Write(std::string line) {
  Metrics::Get().events.Increment();
  uint64_t dropped = 0;
  {
    MutexLock lock(&mu_);
    if (queued_bytes_ + line.size() <= options_.queue_bytes) {
      queued_bytes_ += line.size();
      queue_.push_back(std::move(line));
      ++given_;
      if (queue_.size() == 1) wake_.SignalAll();
      return;
    }
    ++dropped_;
    const MonoTime now = clock_->Mono();
    if (now >= next_complaint_) {
      dropped = std::exchange(dropped_, 0);
      next_complaint_ = now + kComplaintInterval;
    }
  }
  Metrics::Get().errors.Increment();
  if (dropped != 0) {
    LOG_ERROR("audit records are dropped: the queue is full", {"count", dropped},
              {"path", options_.path});
  }
}

void AuditLog::Flush() {
  MutexLock lock(&mu_);
  const uint64_t so_far = given_;
  while (done_ < so_far) written_.Wait(&mu_);
}

std::vector<std::string> AuditLog::Files() const {
  std::vector<std::string> files = Names(options_.path).AllRotated();
  files.push_back(options_.path);
  return files;
}

void AuditLog::Run() {
  std::vector<std::string> lines;
  while (true) {
    {
      MutexLock lock(&mu_);
      while (queue_.empty() && !stopping_) wake_.Wait(&mu_);
      if (queue_.empty()) return;
      lines.swap(queue_);
      queued_bytes_ = 0;
    }
    WriteLines(lines);
    MutexLock lock(&mu_);
    done_ += lines.size();
    lines.clear();
    written_.SignalAll();
  }
}

void AuditLog::WriteLines(const std::vector<std::string>& lines) {
  std::string chunk;
  for (size_t begin = 0; begin < lines.size();) {
    size_t end = begin;
    chunk.clear();
    const uint64_t room = options_.max_bytes > bytes_ ? options_.max_bytes - bytes_ : 0;
    while (end < lines.size() && (end == begin || chunk.size() + lines[end].size() <=
                                                      std::min<uint64_t>(room, kChunkBytes))) {
      chunk += lines[end++];
    }
    Status written = OkStatus();
    if (bytes_ != 0 && chunk.size() > room) written = Rotate();
    if (written.ok()) written = Append(chunk);
    if (written.ok()) {
      failing_ = false;
    } else {
      Metrics::Get().errors.Increment(static_cast<double>(end - begin));
      if (!std::exchange(failing_, true)) {
        LOG_ERROR("audit records are dropped", {"error", written.error()});
      }
    }
    begin = end;
  }
}

Status AuditLog::Append(const std::string& text) {
  if (fd_ < 0) GANTRY_TRY(OpenFile());
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t n = ::write(fd_, rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      Error error = Failed("write", options_.path);
      if (::ftruncate(fd_, static_cast<off_t>(bytes_)) != 0) {
        LOG_ERROR("audit log has half a line", {"path", options_.path});
      }
      return error;
    }
    rest.remove_prefix(static_cast<size_t>(n));
  }
  bytes_ += text.size();
  return OkStatus();
}

Status AuditLog::Rotate() {
  const Names names(options_.path);
  WallTime now = clock_->Now();
  while (fs::exists(names.Rotated(now))) now += std::chrono::microseconds(1);
  if (::rename(options_.path.c_str(), names.Rotated(now).c_str()) != 0) {
    return Failed("rotate", options_.path);
  }
  ::close(std::exchange(fd_, -1));
  GANTRY_TRY(OpenFile());
  RemoveOld();
  return OkStatus();
}

void AuditLog::RemoveOld() const {
  const Names names(options_.path);
  const std::vector<std::string> files = names.AllRotated();
  const std::string oldest =
      options_.max_days == 0
          ? ""
          : names.Rotated(clock_->Now() - std::chrono::hours(24) * options_.max_days);
  for (size_t i = 0; i < files.size(); ++i) {
    const bool too_many =
        options_.max_files != 0 && files.size() - i > static_cast<size_t>(options_.max_files);
    if (!too_many && files[i] >= oldest) continue;
    std::error_code error;
    fs::remove(files[i], error);
    if (error) {
      LOG_WARN("old audit log is not removed", {"path", files[i]}, {"error", error.message()});
    }
  }
}

}  // namespace gantry::apiserver
