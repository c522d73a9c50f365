#pragma once

#include <utility>  // before asio: Boost 1.74 forgets it

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apis/machinery/base/clock.h"
#include "apiserver/http/connection_stats.h"
#include "apiserver/http/tls_context.h"

struct ssl_st;

namespace gantry::apiserver {

// Asio's polymorphic executor costs an allocation an operation; this one does not.
using Socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

enum class Io {
  kDone,
  kWantRead,   // try again once the socket is readable
  kWantWrite,  // ... writable
  kClosed,     // the peer ended the connection
  kFailed,
};

// A server-side TLS connection on a non-blocking socket. OpenSSL works on the descriptor itself, so
// an idle connection holds no buffers. Nothing here blocks or waits: the caller waits on socket().
// Not thread-safe.
class TlsSocket {
 public:
  TlsSocket(Socket socket, std::shared_ptr<const TlsContext> context);
  ~TlsSocket();
  TlsSocket(const TlsSocket&) = delete;
  TlsSocket& operator=(const TlsSocket&) = delete;

  Io Handshake();
  // Reads what is there, at least one byte when kDone.
  Io Read(char* into, size_t size, size_t* got);
  // Writes as much as the socket takes. `*put` bytes are gone even when the result is not kDone.
  // After kWantWrite the next Write must begin with the bytes that remained.
  Io Write(std::string_view bytes, size_t* put);
  // Whether the peer is still there: kWantRead when quiet, kDone when it sent something (which
  // stays unread), kClosed or kFailed when it left.
  Io Peek();
  // Bytes that were received but not read; the socket will not become readable for them.
  bool HasBuffered() const;
  // Says that nothing more will be written (close_notify and FIN); reading goes on.
  void ShutdownWrite();
  // Ends both directions; pending waits fire. The descriptor stays ours until destruction.
  void Abort();

  // Counts bytes in `stats` from now on, which outlives this.
  void CountIn(ConnectionStats* stats) { stats_ = stats; }

  Socket& socket() { return socket_; }
  // Forgets who the client is when its certificate has ended, or is not believed any more by whom
  // new clients meet; to be called before each request.
  void ReviewIdentity(const TlsSource& source);
  // The verified client certificate's subject; empty without one. After the handshake.
  const std::string& common_name() const { return common_name_; }
  const std::vector<std::string>& organizations() const { return organizations_; }
  // When the first of its certificate chain ends.
  WallTime identity_end() const { return identity_end_; }
  // `TLSv1.3`. After the handshake.
  std::string protocol() const;

 private:
  Io Classify(int result);
  void ReadSubject();

  Socket socket_;
  const std::shared_ptr<const TlsContext> context_;
  ssl_st* const ssl_;
  ConnectionStats* stats_ = nullptr;
  std::string common_name_;
  std::vector<std::string> organizations_;
  WallTime identity_end_{};
  uint64_t reviewed_;  // the serial of the context that believed it last
};

}  // namespace gantry::apiserver
