#pragma once

#include <cstddef>
#include <string_view>

#include "tests/bench/load/server.h"

struct ssl_st;

namespace gantry::bench {

constexpr size_t kReadBuffer = 256 * 1024;  // a good size for Channel::Read

// One connection to a server, by TLS or without. Connects in the constructor, blocking; afterwards
// nothing blocks. Not thread-safe.
class Channel {
 public:
  explicit Channel(const Server& server);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  int fd() const { return fd_; }
  // Reads what is there: 0 when that is nothing, -1 when the server ended the connection.
  long Read(char* into, size_t size);
  // Writes what the socket takes and removes it from `bytes`; false when the connection broke.
  bool Write(std::string_view* bytes);
  // Writes all, waiting as long as it takes.
  void WriteAll(std::string_view bytes);
  // Waits until something can be read, at most `milliseconds` (-1: for ever); false: time is over.
  bool WaitReadable(int milliseconds);
  // Received bytes that poll(2) does not see.
  bool HasBuffered() const;

 private:
  int fd_ = -1;
  ssl_st* ssl_ = nullptr;
};

}  // namespace gantry::bench
