#include "tests/bench/load/reading.h"

#include <fmt/format.h>

#include <functional>
#include <vector>

#include "tests/bench/load/channel.h"
#include "tests/bench/load/response_reader.h"

namespace gantry::bench {
namespace {

constexpr size_t kHeadKept = 4096;  // holds the metadata of a list

struct Reading {
  int64_t begin = 0;
  int64_t first_byte = 0;
  int64_t bytes = 0;
  std::string head;  // the first bytes of the last body
};

// Sends a GET and reads until the answer is complete, or `over` says so of a piece of the body.
void Fetch(const Server& server, Channel* channel, const std::string& path,
           const std::string& accept, Reading* reading,
           const std::function<bool(std::string_view)>& over) {
  static std::vector<char>* const buffer = new std::vector<char>(kReadBuffer);
  channel->WriteAll(server.Head("GET", path, "Accept: " + accept + "\r\n", 0));
  ResponseReader reader;
  reading->head.clear();
  bool done = false;
  while (!done) {
    const long got = channel->Read(buffer->data(), buffer->size());
    if (got == 0) {
      channel->WaitReadable(-1);
      continue;
    }
    if (got < 0) Fail("the server ended the connection in a list");
    done = reader.Feed({buffer->data(), static_cast<size_t>(got)}, [&](std::string_view piece) {
      if (reading->first_byte == 0) reading->first_byte = NowNs();
      reading->bytes += static_cast<int64_t>(piece.size());
      if (reading->head.size() < kHeadKept) {
        reading->head += piece.substr(0, kHeadKept - reading->head.size());
      }
      if (over && over(piece)) done = true;
    }) || done;
  }
  if (reader.status() != 200)
    Fail(fmt::format("GET {}: {} {}", path, reader.status(), reading->head));
}

std::string ContinueOf(const std::string& head) {
  constexpr std::string_view kField = "\"continue\":\"";
  const size_t metadata = head.find("\"metadata\":{");
  if (metadata == std::string::npos) return {};
  const size_t end = head.find('}', metadata);
  const size_t at = head.find(kField, metadata);
  if (at == std::string::npos || at > end) return {};
  const size_t from = at + kField.size();
  return head.substr(from, head.find('"', from) - from);
}

std::string Escape(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.') {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

// Measures `read` again and again.
Json Measure(const Meter& meter, int times, const std::function<int(Reading*)>& read) {
  Json all = Json::array();
  for (int i = 0; i < times; ++i) {
    meter.ResetPeak();
    const int64_t resident = meter.ResidentBytes();
    const int64_t server_cpu = meter.CpuNs();
    const int64_t cpu = OwnCpuNs();
    Reading reading;
    reading.begin = NowNs();
    const int requests = read(&reading);
    const int64_t took = NowNs() - reading.begin;
    Json one = {{"seconds", static_cast<double>(took) / 1e9},
                {"first_byte_ms", static_cast<double>(reading.first_byte - reading.begin) / 1e6},
                {"bytes", reading.bytes},
                {"requests", requests},
                {"client_cpu_s", static_cast<double>(OwnCpuNs() - cpu) / 1e9}};
    if (meter.any()) {
      one["server_cpu_s"] = static_cast<double>(meter.CpuNs() - server_cpu) / 1e9;
      one["extra_mib"] =
          static_cast<double>(std::max<int64_t>(0, meter.PeakBytes() - resident)) / (1 << 20);
    }
    all.push_back(std::move(one));
  }
  return {{"times", std::move(all)}};
}

}  // namespace

Json RunList(const Server& server, const Meter& meter, const ListOptions& options) {
  Channel channel(server);
  return Measure(meter, options.times, [&](Reading* reading) {
    const char* const join = options.path.find('?') == std::string::npos ? "?" : "&";
    std::string path = options.path;
    if (options.limit > 0) path += fmt::format("{}limit={}", join, options.limit);
    int pages = 0;
    for (std::string token;; token = ContinueOf(reading->head)) {
      if (pages > 0 && token.empty()) return pages;
      Fetch(server, &channel, pages == 0 ? path : path + "&continue=" + Escape(token),
            options.accept, reading, nullptr);
      ++pages;
      if (options.limit == 0) return pages;
    }
  });
}

Json RunInformer(const Server& server, const Meter& meter, const ListOptions& options) {
  return Measure(meter, options.times, [&](Reading* reading) {
    Channel channel(server);  // the watch does not end: each takes a connection of its own
    reading->begin = NowNs();
    const char* const join = options.path.find('?') == std::string::npos ? "?" : "&";
    constexpr std::string_view kEnd = "k8s.io/initial-events-end";
    std::string tail;
    Fetch(server, &channel,
          options.path + join +
              "watch=true&allowWatchBookmarks=true&sendInitialEvents=true&"
              "resourceVersionMatch=NotOlderThan",
          options.accept, reading, [&](std::string_view piece) {
            if (piece.find(kEnd) != std::string_view::npos) return true;
            tail.append(piece.substr(0, kEnd.size()));
            if (tail.find(kEnd) != std::string::npos) return true;
            tail = piece.size() >= kEnd.size()
                       ? std::string(piece.substr(piece.size() - kEnd.size()))
                       : tail.substr(tail.size() > kEnd.size() ? tail.size() - kEnd.size() : 0);
            return false;
          });
    return 1;
  });
}

}  // namespace gantry::bench
