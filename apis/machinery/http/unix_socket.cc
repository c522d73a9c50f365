#include "apis/machinery/http/unix_socket.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <utility>
// asio needs <utility> before it.
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace gantry::http {
namespace {

namespace beast = boost::beast;

constexpr size_t kMaxAnswer = 256 << 20;
constexpr size_t kMaxPath = sizeof(sockaddr_un::sun_path) - 1;
// So soon a wait for the socket sees that its context is cancelled.
constexpr Duration kSliceOfWait = std::chrono::milliseconds(100);

using LocalSocket = boost::asio::local::stream_protocol::socket;
using boost::system::error_code;

Error Failed(const char* what, const std::string& path, const error_code& error) {
  return Error(Code::kUnavailable, fmt::format("{} {}: {}", what, path, error.message()));
}

// A connection whose socket never blocks: it waits for the socket itself, because asio's blocking
// calls know neither a context nor a limit. Is a stream for Beast; why a wait ended early is kept
// in `stopped`.
class Connection {
 public:
  Connection(const Context& ctx, Duration limit) : ctx_(ctx), limit_(limit), socket_(io_) {}

  // A listener whose queue is full answers EAGAIN until it has room.
  error_code Connect(const std::string& path) {
    error_code error;
    socket_.open(boost::asio::local::stream_protocol(), error);
    if (!error) socket_.non_blocking(true, error);
    if (error) return error;
    const boost::asio::local::stream_protocol::endpoint to(path);
    const Context waiting = ctx_.WithTimeout(limit_);
    while (true) {
      // Not asio's, which takes EAGAIN for a connection that is being made.
      if (::connect(socket_.native_handle(), to.data(), to.size()) == 0) return {};
      error = error_code(errno, boost::system::system_category());
      if (error != boost::asio::error::try_again) return error;
      if (stopped_ = waiting.SleepFor(kSliceOfWait); !stopped_.ok()) return error;
    }
  }

  template <typename Buffers>
  size_t read_some(const Buffers& buffers, error_code& error) {
    return Do(POLLIN, error, [&] { return socket_.read_some(buffers, error); });
  }
  template <typename Buffers>
  size_t write_some(const Buffers& buffers, error_code& error) {
    return Do(POLLOUT, error, [&] { return socket_.write_some(buffers, error); });
  }
  // Beast asks for these as well, and does not call them.
  template <typename Buffers>
  size_t read_some(const Buffers& buffers) {
    return socket_.read_some(buffers);
  }
  template <typename Buffers>
  size_t write_some(const Buffers& buffers) {
    return socket_.write_some(buffers);
  }

  const Status& stopped() const { return stopped_; }

 private:
  template <typename Step>
  size_t Do(short events, error_code& error, Step step) {
    const Context waiting = ctx_.WithTimeout(limit_);
    while (true) {
      if (stopped_ = waiting.Check(); !stopped_.ok()) {
        error = boost::asio::error::operation_aborted;
        return 0;
      }
      const auto slice = std::min(kSliceOfWait, std::max(limit_, Duration(1)));
      pollfd wait{socket_.native_handle(), events, 0};
      const auto ms = std::chrono::ceil<std::chrono::milliseconds>(slice).count();
      if (poll(&wait, 1, static_cast<int>(ms)) <= 0) continue;
      const size_t size = step();
      if (error != boost::asio::error::would_block) return size;
    }
  }

  const Context ctx_;
  const Duration limit_;
  boost::asio::io_context io_;
  LocalSocket socket_;
  Status stopped_;
};

}  // namespace

Result<client::HttpResponse> DoOverUnixSocket(const Context& ctx, const std::string& path,
                                              const client::HttpRequest& request,
                                              Duration silence) {
  if (path.empty() || path.size() > kMaxPath)
    return Error(Code::kBadRequest,
                 fmt::format("a socket's path has 1 to {} bytes, not {}", kMaxPath, path.size()));
  Connection connection(ctx, silence);
  const auto failed = [&](const char* what, const error_code& error) {
    if (connection.stopped().ok()) return Failed(what, path, error);
    return Error(connection.stopped().error()).Wrap(fmt::format("{} {}", what, path));
  };
  error_code error = connection.Connect(path);
  if (error) return failed("connect to", error);

  beast::http::request<beast::http::string_body> out;
  out.method_string(request.method);
  out.target(request.target);
  out.version(11);
  out.set(beast::http::field::host, "localhost");
  out.set(beast::http::field::connection, "close");
  for (const auto& [name, value] : request.headers) out.set(name, value);
  out.body() = request.body;
  out.prepare_payload();
  beast::http::write(connection, out, error);
  if (error) return failed("write to", error);

  beast::flat_buffer buffer;
  beast::http::response_parser<beast::http::string_body> in;
  in.body_limit(kMaxAnswer);
  beast::http::read(connection, buffer, in, error);
  if (error) return failed("read from", error);
  client::HttpResponse response;
  response.status = static_cast<int>(in.get().result_int());
  for (const auto& field : in.get())
    response.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  response.body = std::move(in.get().body());
  return response;
}

}  // namespace gantry::http
