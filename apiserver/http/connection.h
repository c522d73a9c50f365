#pragma once

#include <coroutine>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "apiserver/http/connection_stats.h"
#include "apiserver/http/handler.h"
#include "apiserver/http/request_parser.h"
#include "apiserver/http/shard.h"
#include "apiserver/http/tls_socket.h"

namespace gantry::apiserver {

class WebSocketSession;

// One client connection: a coroutine that reads requests, runs the handler and writes answers, one
// after the other. Lives on its shard's thread and owns itself until it is over.
//
// What can happen to it is a set of events; the coroutine sleeps in Wait(events). While a handler
// is suspended the coroutine sleeps there instead, and the events only watch for the client
// leaving.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  enum Event : uint32_t {
    kReadable = 1,
    kWritable = 2,
    kStreamReady = 4,  // the answer's stream can be pulled again
    kFlushDue = 8,     // the pause between two writes of a busy stream is over
    kExpired = 16,     // the time-out of SetTimeout
    kStopping = 32,    // the server ends; stays raised
  };

  // Serves `socket` from now on, and holds `place` as long. On the shard's thread.
  static void Start(Socket socket, Shard* shard, std::shared_ptr<void> place);
  Connection(Socket socket, Shard* shard, std::shared_ptr<void> place);
  ~Connection();

  // All on the shard's thread.
  void Raise(Event event);
  void OnTick(uint32_t now);
  void OnStop(bool now);
  // The tick at which it has waited for a request for too long; 0: it does not wait.
  uint32_t IdleUntil() const { return idle_ ? expires_ : 0; }

  // Any thread.
  const std::shared_ptr<ConnectionStats>& stats() const { return stats_; }

 private:
  // Sleeps until one of `interest` happened; tells which ones, and forgets them.
  struct WaitFor {
    Connection* c;
    uint32_t interest;
    bool await_ready() const { return (c->events_ & interest) != 0; }
    void await_suspend(std::coroutine_handle<> h);
    uint32_t await_resume();
  };
  // Runs the handler; while it is suspended, watches for the client leaving.
  struct CallHandler;
  // Lets other connections of the shard go on.
  struct Yield;

  static gantry::internal::Detached Run(std::shared_ptr<Connection> self);
  Task<bool> Handshake();
  // One request and its answer. False: the connection is over.
  Task<bool> ServeOne();
  RequestParser::State Feed(RequestParser* parser);
  // Answers a request that was not read to its end, and ends the connection.
  Task<bool> Refuse(int status, std::string_view message);
  Task<bool> Answer(Request& request, Response& response, bool http_1_0, bool keep_alive);
  // Writes a body that is there. What did not fit the socket is left in `head`, a copy, and `body`,
  // a view of the response. False when writing failed.
  bool AnswerPlain(const Request& request, Response& response, bool keep_alive, std::string* head,
                   std::string_view* body);
  Task<bool> AnswerStream(Request& request, Response& response, bool http_1_0, bool keep_alive);
  // Returns true when the stream may be pulled again, false when it shall end: the client left
  // (broken_), or the server stops.
  Task<bool> AwaitStream(BodyStream* stream, bool long_running, MonoTime last_write);
  Task<bool> AnswerWebSocket(Request& request, Response& response);
  // Reads and drops what the client still sends, so that it sees the answer and no reset.
  Task<bool> Linger();

  WaitFor Wait(uint32_t interest) { return WaitFor{this, interest}; }
  void SetTimeout(Duration timeout) {
    expires_ = shard_->TickAfter(timeout);
    events_ &= ~static_cast<uint32_t>(kExpired);
  }
  void ClearTimeout() { expires_ = 0; }
  void ArmRead();
  void ArmWrite();
  void OnReadable();
  // Whether the client is still connected; if it sent something, stops looking.
  bool StillThere(uint32_t* interest);
  bool AcceptsGzip(const Request& request, const Response& response) const;
  std::shared_ptr<Connection> Self() { return shared_from_this(); }

  // Writes what the socket takes now and removes it from `bytes`; false when the connection broke.
  bool WriteNow(std::string_view* bytes);
  // Writes all; the bytes must not be the shard's scratch.
  Task<bool> WriteRest(std::string_view bytes);
  // Writes the shard's write buffer, which others may use as soon as this suspends.
  Task<bool> WriteScratch();

  Shard* const shard_;
  const std::shared_ptr<void> place_;
  TlsSocket tls_;
  const std::string remote_;
  const std::shared_ptr<ConnectionStats> stats_;
  std::string user_;      // who sent the last request
  std::string leftover_;  // received, not yet parsed
  Context ctx_;           // of every request of this connection

  std::coroutine_handle<> waiter_;
  uint32_t interest_ = 0;
  uint32_t events_ = 0;
  uint32_t expires_ = 0;
  bool read_armed_ = false;
  bool write_armed_ = false;
  bool received_ = false;  // bytes of the current request
  bool watching_ = false;  // a handler is suspended
  bool idle_ = false;      // waits for a request
  bool broken_ = false;    // reading or writing failed
  bool linger_ = false;    // the client may still be sending a refused request
  std::weak_ptr<WebSocketSession> websocket_;
};

}  // namespace gantry::apiserver
